"""The user's own verifier: one function in a file of theirs, `./my_check.py:strict_boxed`.

The function takes (problem, completion) and returns a `Verdict`, a bool, a reward in [0, 1] (1 is correct, anything
less wrong), or a status as text. What it raises is an `error`, and so is any other value. Its name names the
verifier; the hash of the file is the version, so that an edited file judges anew. What the file imports is not in that
hash. The file is run with the user's rights, as any script of theirs.
"""

import hashlib
import sys
import types
from pathlib import Path
from typing import Any

from samples.errors import UsageError, first_line
from samples.lake.names import is_partition_name
from samples.problems.problems import Problem
from samples.verifiers import STATUSES, Verdict, Verifier


class Own(Verifier):
    """A function of the user as a verifier. There is nothing to extract: it sees the whole completion."""

    seconds = 60.0
    extracts = False

    def __init__(self, place: str, reserved: frozenset[str] = frozenset()) -> None:
        """Load FILE.py:FUNCTION.

        Raises:
            UsageError: The file cannot be read or run, holds no such function, or its name cannot name a verifier.
        """
        file, _, name = place.rpartition(":")
        if not is_partition_name(name):
            raise UsageError(
                f'verifier {place}: "{name}" cannot name a verifier: a letter, then letters, digits and . _ - are '
                "expected; rename the function"
            )
        if name in reserved:
            raise UsageError(f'verifier {place}: "{name}" is a verifier of ours; rename the function')
        try:
            source = Path(file).read_bytes()
        except OSError as error:
            raise UsageError(f"verifier {place}: {file} cannot be read: {error.strerror}") from error
        self.name = name
        digest = hashlib.sha256(source).hexdigest()[:12]
        self.version = f"file-{digest}"
        module = types.ModuleType(f"samples_own_{digest}")
        module.__file__ = file
        sys.modules[module.__name__] = module  # dataclasses of the file look their module up
        try:
            exec(compile(source, file, "exec"), module.__dict__)  # noqa: S102 - the bytes that were hashed
        except (Exception, SystemExit) as error:
            raise UsageError(f"verifier {place}: {file} fails: {type(error).__name__}: {str(error)[:200]!r}") from error
        self._function: Any = getattr(module, name, None)
        if not callable(self._function):
            found = [key for key, value in vars(module).items() if isinstance(value, types.FunctionType)]
            raise UsageError(f'verifier {place}: {file} has no function "{name}"; it has {", ".join(found) or "none"}')

    def gold(self, problem: Problem) -> None:
        """Return nothing: what a problem needs, the function alone knows."""

    def extract(self, completion: str) -> str | None:
        """Return the whole completion."""
        return completion

    def compare(self, problem: Problem, answer: str) -> Verdict:
        """Call the function."""
        try:
            said = self._function(problem, answer)
        except MemoryError:
            raise
        except SystemExit as error:
            return Verdict("error", detail=f"it called for exit with {error.code!r}"[:200])
        except Exception as error:  # noqa: BLE001 - whatever the user's function raises is the verdict `error`
            return Verdict("error", detail=f"{type(error).__name__}: {first_line(error)}"[:200])
        return _verdict(said)


def _verdict(said: Any) -> Verdict:
    if isinstance(said, Verdict):
        if said.status in STATUSES:
            return said
    elif isinstance(said, bool):
        return Verdict("correct" if said else "wrong")
    elif isinstance(said, int | float):
        if 0 <= said <= 1:
            return Verdict("correct" if said >= 1 else "wrong", reward=float(said))
    elif isinstance(said, str) and said in STATUSES:
        return Verdict(said)
    return Verdict("error", detail=f"returned {said!r}: a Verdict, bool, number in [0, 1] or status is expected"[:200])
