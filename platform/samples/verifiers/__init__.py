"""Verifiers: they judge a completion against its problem.

A verifier is a small class with a name and a version. It extracts an answer and compares it in two separate steps. The
registry is a plain dict.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from samples.errors import UsageError, meant
from samples.problems.problems import Problem

STATUSES = ("correct", "wrong", "no_answer", "timeout", "error")


@dataclass(frozen=True)
class Verdict:
    """A verifier's verdict: a status of STATUSES, the extracted answer, and a reward in [0, 1] if it gives one."""

    status: str
    answer: str | None = None
    reward: float | None = None
    detail: str | None = None


class Verifier(Protocol):
    """One way of judging. `version` changes whenever the same input may get another verdict.

    `seconds` limits the wall time of one extraction or one comparison; `memory_mib` limits the memory that it adds.
    `preload` names modules that are imported once for all workers, to save time. If `extracts` is False, the whole
    completion is compared and is not stored as the answer. If `by_problem` is True, `extract_for` finds the answer. If
    `compares_answers` is False, it judges by tests or by a scorer. Else a problem of several accepted answers is
    compared once for each (`samples.verifiers.accepted`). `needs` tells people what must be installed.
    """

    name: str
    version: str
    seconds: float = 10.0
    memory_mib: int = 1024
    preload: tuple[str, ...] = ()
    extracts: bool = True
    needs: str = "nothing"
    by_problem: bool = False
    compares_answers: bool = True

    def gold(self, problem: Problem) -> Any:
        """Return the gold answer or tests of this problem, to compare answers with.

        Raises:
            UsageError: The problem has no gold answer or tests that this verifier can use.
        """
        ...

    def extract(self, completion: str) -> str | None:
        """Return the final answer in a completion, or None if it gives none."""
        ...

    def extract_for(self, problem: Problem, completion: str) -> str | None:  # noqa: ARG002 - most answers need no problem
        """Return the final answer in a completion of this problem, or None if it gives none."""
        return self.extract(completion)

    def compare(self, problem: Problem, answer: str) -> Verdict:
        """Judge an extracted answer against the problem's gold."""
        ...

    @staticmethod
    def key(answer: str) -> str:
        """Return a text that two answers share only if this verifier finds them equal.

        Equal answers may have different keys: the key is found quickly, and without the verifier's libraries. By
        default it is the answer.
        """
        return answer


def verifier(name: str, *, sandbox: bool = False, packages: str | None = None) -> Verifier:
    """Return the verifier of this name. The name FILE.py:FUNCTION gives a verifier of the user's own function.

    With `sandbox` the user's function runs in a sandbox. Of our own verifiers, code and reasoning-gym always do.
    `packages` is a folder that the programs of code may import from.

    Raises:
        UsageError: There is no such verifier, the function cannot be loaded, or the verifier has no use for a sandbox.
        MissingExtra: A library that the verifier needs is not installed.
    """
    if packages is not None and name != "code":
        raise UsageError(f"verifier {name} runs no programs: --packages is for code")
    if ".py:" in name:
        from samples.verifiers.user_function import UserFunction

        return UserFunction(name, frozenset(known()), sandbox=sandbox)
    kind = known(name)[name]
    if sandbox and name not in _SANDBOXED:
        raise UsageError(
            f"verifier {name} does not run in a sandbox: --sandbox is for your own FILE.py:FUNCTION; "
            f"{' and '.join(_SANDBOXED)} always run in one"
        )
    if packages is not None:
        from samples.verifiers.code import Code

        return Code(packages=Path(packages))
    return kind()


def known(name: str | None = None) -> dict[str, type[Verifier]]:
    """Return our verifiers by name.

    Raises:
        UsageError: `name` is given and there is no such verifier.
    """
    registry = _registry()
    if name is not None and name not in registry:
        raise UsageError(
            f'verifier "{name}" is not known{meant(name, registry)}: choose one of {", ".join(registry)}, or give '
            "your own function as FILE.py:FUNCTION"
        )
    return registry


_SANDBOXED = ("code", "reasoning-gym")
_LONGEST_KEYED = 200  # characters; the keys of longer answers would take long, and the answers are rarely equal


def answer_key(name: str, answer: str) -> str:
    """Return a text that two answers share only if the verifier of this name finds them equal.

    Of answers above 200 characters, and of verifiers that are not among ours, it is the answer.
    """
    found = _registry().get(name)
    return answer if found is None or len(answer) > _LONGEST_KEYED else found.key(answer)


@cache
def _registry() -> dict[str, type[Verifier]]:
    from samples.verifiers.boxed import BoxedExact
    from samples.verifiers.choice import Choice
    from samples.verifiers.code import Code
    from samples.verifiers.exact import Exact
    from samples.verifiers.math import Math
    from samples.verifiers.numeric import Numeric
    from samples.verifiers.paper_math import PaperMath
    from samples.verifiers.reasoning_gym import ReasoningGym

    return {
        "exact": Exact,
        "numeric": Numeric,
        "choice": Choice,
        "boxed-exact": BoxedExact,
        "math": Math,
        "paper-math": PaperMath,
        "code": Code,
        "reasoning-gym": ReasoningGym,
    }


def gold_text(problem: Problem, name: str) -> str:
    """Return the gold answer, stripped.

    Raises:
        UsageError: The problem has no gold answer.
    """
    if problem.answer is None:
        raise UsageError(
            f'verifier {name}: problem "{problem.problem_id}" has no gold answer; name its field with --answer-field'
        )
    return problem.answer.strip()
