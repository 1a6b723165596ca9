"""The user's own verifier: one function in a file of theirs, such as `./my_check.py:strict_boxed`.

The function takes (problem, completion). It returns a `Verdict`, a bool, a reward in [0, 1] (1 is correct, less is
wrong), or a status as text. If it raises an exception or returns any other value, the verdict is `error`. The
verifier's name is the function's name. Its version is the hash of the file, so an edited file judges all samples again.
Modules that the file imports are not part of the hash. If a problem has several accepted answers, the function is
called for each, as `problem.answer`, until one is correct; `problem.answers` has them all.

The file runs with the user's rights, like any script of theirs. With `sandbox` it runs in a sandbox instead, and each
completion has a process of its own there (`samples.sandbox.forkserver`): for functions that run what a model wrote.
"""

import hashlib
import os
import sys
import types
import weakref
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from samples.errors import UsageError, first_line
from samples.lake.partitions import is_partition_name
from samples.problems.problems import Problem
from samples.sandbox.forkserver import Ended, ForkServer, PreparationError
from samples.sandbox.protocol import decode_flat
from samples.sandbox.sandbox import Limits, SandboxError, require
from samples.verifiers import STATUSES, Verdict, Verifier

_JOB = "samples.verifiers.user_function_job"
_LIMITS = Limits(cpu_seconds=60, wall_seconds=60.0, memory=1 << 30, output=1 << 20, scratch=16 << 20)


class UserFunction(Verifier):
    """A verifier made of the user's function. It extracts no answer: the function gets the whole completion."""

    seconds = 60.0
    extracts = False

    def __init__(self, place: str, reserved: frozenset[str] = frozenset(), *, sandbox: bool = False) -> None:
        """Load FILE.py:FUNCTION.

        Raises:
            UsageError: The file cannot be read or run, has no such function, the name cannot name a verifier, or this
                machine cannot make a sandbox.
            MissingExtra: bubblewrap is not installed.
        """
        file, _, name = place.rpartition(":")
        if not is_partition_name(name):
            raise UsageError(
                f'verifier {place}: "{name}" cannot name a verifier; rename the function: use a letter, then letters, '
                "digits and . _ -, but not nan, inf, true, false, null or none"
            )
        if name in reserved:
            raise UsageError(f'verifier {place}: "{name}" is the name of a built-in verifier; rename the function')
        try:
            source = Path(file).read_bytes()
        except OSError as error:
            raise UsageError(f"verifier {place}: {file} cannot be read: {error.strerror}") from error
        self.name = name
        self.version = f"file-{hashlib.sha256(source).hexdigest()[:12]}" + ("+sandbox" if sandbox else "")
        self._about = {"place": place, "source": source}
        self._function: Callable[..., Any] | None = None
        self._server: ForkServer | None = None
        self._owner = 0
        if not sandbox:
            self._function = function_of(place, source)
            return
        require()
        self.seconds = 3 * _LIMITS.wall_seconds  # never reached: it covers the start of the sandbox
        self.memory_mib = 8192  # the limit of an answer, with all that the interpreter has, must be below
        try:
            self._open()
        except PreparationError as error:
            raise UsageError(str(error).removeprefix("UsageError: ")) from error

    def gold(self, problem: Problem) -> None:
        """Return nothing: only the function knows what a problem needs."""

    def extract(self, completion: str) -> str | None:
        """Return the whole completion."""
        return completion

    def compare(self, problem: Problem, answer: str) -> Verdict:
        """Call the function."""
        if self._function is None:
            return self._judge_in_sandbox(problem, answer)
        try:
            return judged(self._function, problem, answer)
        except SystemExit as error:
            return Verdict("error", detail=f"it called for exit with {error.code!r}"[:200])

    def _open(self) -> ForkServer:
        """Return this process's sandbox; start it if it is not open."""
        if self._server is None or self._owner != os.getpid():
            self._server, self._owner = ForkServer(_JOB, self._about, _LIMITS), os.getpid()
            weakref.finalize(self, self._server.close)
        return self._server

    def _judge_in_sandbox(self, problem: Problem, completion: str) -> Verdict:
        try:
            reply = self._open().ask({"problem": asdict(problem), "completion": completion})
        except SandboxError as error:
            self._server = None
            return Verdict("error", detail=str(error)[:200])
        if isinstance(reply, Ended):
            if reply.limit:
                return Verdict("timeout", detail=f"over {_LIMITS.wall_seconds:g} s")
            return Verdict("wrong", detail=f"it ended the process that judged it (code {reply.code})")
        try:
            match decode_flat(reply, 4):
                case [str(status), str() | None as answer, int() | float() | None as reward, str() | None as detail]:
                    if status in STATUSES and (reward is None or 0 <= reward <= 1):
                        return Verdict(status, answer, reward, detail)
                case _:
                    pass
        except ValueError:
            pass
        return Verdict("wrong", detail="it sent what is no verdict")


def function_of(place: str, source: bytes) -> Callable[..., Any]:
    """Run the user's file, and return the function that `place` (FILE.py:FUNCTION) names.

    Raises:
        UsageError: The file cannot be run, or has no such function.
    """
    file, _, name = place.rpartition(":")
    module = types.ModuleType(f"samples_own_{hashlib.sha256(source).hexdigest()[:12]}")
    module.__file__ = file
    sys.modules[module.__name__] = module  # dataclasses in the file look up their module
    try:
        exec(compile(source, file, "exec"), module.__dict__)  # noqa: S102 - the bytes that were hashed
    except (Exception, SystemExit) as error:
        raise UsageError(
            f"verifier {place}: running {file} fails: {type(error).__name__}: {str(error)[:200]!r}"
        ) from error
    function: Any = getattr(module, name, None)
    if not callable(function):
        found = [key for key, value in vars(module).items() if isinstance(value, types.FunctionType)]
        raise UsageError(f'verifier {place}: {file} has no function "{name}"; it has {", ".join(found) or "none"}')
    return function


def judged(function: Callable[..., Any], problem: Problem, completion: str) -> Verdict:
    """Call the function, and return what it says as a verdict. An exception of it is the verdict `error`.

    Raises:
        MemoryError, SystemExit: The function raised it.
    """
    try:
        returned = function(problem, completion)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - any exception of the user's function is the verdict `error`
        return Verdict("error", detail=f"{type(error).__name__}: {first_line(error)}"[:200])
    return _verdict_of(returned)


def _verdict_of(returned: Any) -> Verdict:
    if isinstance(returned, Verdict):
        if returned.status in STATUSES:
            return returned
    elif isinstance(returned, bool):
        return Verdict("correct" if returned else "wrong")
    elif isinstance(returned, int | float):
        if 0 <= returned <= 1:
            return Verdict("correct" if returned >= 1 else "wrong", reward=float(returned))
    elif isinstance(returned, str) and returned in STATUSES:
        return Verdict(returned)
    return Verdict(
        "error", detail=f"returned {returned!r}: a Verdict, bool, number in [0, 1] or status is expected"[:200]
    )
