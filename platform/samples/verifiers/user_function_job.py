"""Run the user's own verifier inside the sandbox: a job of `samples.sandbox.forkserver`."""

from collections.abc import Callable
from typing import Any

from samples.problems.problems import Problem
from samples.sandbox.protocol import encode
from samples.verifiers import Verdict
from samples.verifiers.user_function import function_of, judged


def prepare(about: dict[str, Any]) -> Callable[..., Any]:
    """Run the user's file, and return the function.

    Raises:
        UsageError: The file cannot be run, or has no such function.
    """
    return function_of(about["place"], about["source"])


def answer(function: Callable[..., Any], question: dict[str, Any]) -> bytes:
    """Call the function; return the verdict as an encoded [status, answer, reward, detail]."""
    try:
        verdict = judged(function, Problem(**question["problem"]), question["completion"])
    except SystemExit as error:  # the completion may be a program that the function runs
        verdict = Verdict("wrong", detail=f"it called for exit with {error.code!r}"[:200])
    except MemoryError:
        verdict = Verdict("error", detail="over the limit of memory")
    return encode([verdict.status, verdict.answer, verdict.reward, verdict.detail])
