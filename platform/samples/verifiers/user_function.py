"""The user's own verifier: one function in a file of theirs, such as `./my_check.py:strict_boxed`.

The function takes (problem, completion). It returns a `Verdict`, a bool, a reward in [0, 1] (1 is correct, less is
wrong), or a status as text. If it raises an exception or returns any other value, the verdict is `error`. The
verifier's name is the function's name. Its version is the hash of the file, so an edited file judges all samples again.
Modules that the file imports are not part of the hash. The file runs with the user's rights, like any script of theirs.
"""

import hashlib
import sys
import types
from pathlib import Path
from typing import Any

from samples.errors import UsageError, first_line
from samples.lake.partitions import is_partition_name
from samples.problems.problems import Problem
from samples.verifiers import STATUSES, Verdict, Verifier


class UserFunction(Verifier):
    """A verifier made of the user's function. It extracts no answer: the function gets the whole completion."""

    seconds = 60.0
    extracts = False

    def __init__(self, place: str, reserved: frozenset[str] = frozenset()) -> None:
        """Load FILE.py:FUNCTION.

        Raises:
            UsageError: The file cannot be read or run, has no such function, or the name cannot name a verifier.
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
        digest = hashlib.sha256(source).hexdigest()[:12]
        self.version = f"file-{digest}"
        module = types.ModuleType(f"samples_own_{digest}")
        module.__file__ = file
        sys.modules[module.__name__] = module  # dataclasses in the file look up their module
        try:
            exec(compile(source, file, "exec"), module.__dict__)  # noqa: S102 - the bytes that were hashed
        except (Exception, SystemExit) as error:
            raise UsageError(
                f"verifier {place}: running {file} fails: {type(error).__name__}: {str(error)[:200]!r}"
            ) from error
        self._function: Any = getattr(module, name, None)
        if not callable(self._function):
            found = [key for key, value in vars(module).items() if isinstance(value, types.FunctionType)]
            raise UsageError(f'verifier {place}: {file} has no function "{name}"; it has {", ".join(found) or "none"}')

    def gold(self, problem: Problem) -> None:
        """Return nothing: only the function knows what a problem needs."""

    def extract(self, completion: str) -> str | None:
        """Return the whole completion."""
        return completion

    def compare(self, problem: Problem, answer: str) -> Verdict:
        """Call the function."""
        try:
            returned = self._function(problem, answer)
        except MemoryError:
            raise
        except SystemExit as error:
            return Verdict("error", detail=f"it called for exit with {error.code!r}"[:200])
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
