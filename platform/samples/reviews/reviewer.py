"""Who gives a label: the name that people agree or disagree under."""

import getpass
import os

from samples.errors import UsageError
from samples.lines import printable

VARIABLE = "SAMPLES_REVIEWER"
_LONGEST = 100  # characters


def default_reviewer() -> str:
    """Return the reviewer that the variable SAMPLES_REVIEWER names, or the user of this machine.

    Raises:
        UsageError: Neither is known, or it is no reviewer's name.
    """
    if name := os.environ.get(VARIABLE):
        return require_reviewer(name)
    try:
        return require_reviewer(getpass.getuser())
    except (OSError, KeyError, ImportError) as error:
        raise UsageError(f"this user has no name: give --reviewer NAME, or set {VARIABLE}") from error


def require_reviewer(name: str) -> str:
    """Return the name of a reviewer as it is.

    Raises:
        UsageError: It is empty or longer than 100 characters, begins or ends with a space, or holds a character that
            cannot be seen.
    """
    seen = isinstance(name, str) and name == name.strip() == printable(name, lines=False)  # pyright: ignore[reportUnnecessaryIsInstance]
    if not seen or not 0 < len(name) <= _LONGEST:
        raise UsageError(
            f"reviewer {str(name)[:_LONGEST]!r}: a name of 1 to {_LONGEST} characters is expected, without invisible "
            "characters, and without a space at its ends"
        )
    return name
