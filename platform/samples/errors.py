"""Errors that tell the user what to do.

Every message is one line: what failed, where, what was expected and found, what to do next. An error is built from its
message alone, so it pickles and can pass between Ray's processes.
"""

from collections.abc import Callable, Iterable
from difflib import get_close_matches

from samples.lines import printable, without_keys

_SUGGESTED = 3  # names in a message


def first_line(error: BaseException) -> str:
    """Return the first line of an error's message, or the name of its class where it has no message."""
    return next(iter(str(error).splitlines()), type(error).__name__)


def first_line_and_class(error: BaseException) -> str:
    """Return the name of an error's class and the first line of its message."""
    return f"{type(error).__name__}: {error}".splitlines()[0]


class SamplesError(Exception):
    """The work failed; the command line prints the message and exits 1.

    The message holds no keys and nothing that a terminal obeys, wherever it is printed.
    """

    exit_code = 1

    def __init__(self, message: str = "") -> None:
        super().__init__(printable(without_keys(message)))


class UsageError(SamplesError, ValueError):
    """The request is wrong; the command line prints the message and exits 2."""

    exit_code = 2


class FileError(UsageError):
    """A file cannot be read, or is not what its extension says."""


class ProblemsError(UsageError):
    """The rows of a source are not problems, or a generator cannot make them."""


class TemplateError(UsageError):
    """A prompt template cannot be found, parsed or rendered."""


class ModelError(UsageError):
    """A model or its tokenizer cannot be loaded."""


class NotFound(UsageError, LookupError):
    """The lake does not hold this run, problem or sample."""


class LakeError(SamplesError, OSError):
    """The lake cannot be read or written at its URI."""


class StoreAway(LakeError):
    """The lake's store does not answer, or breaks off its answers. It was waited for; later the same may work."""


class MissingExtra(SamplesError, ImportError):
    """A package of an optional extra is not installed."""


def meant(name: str, known: Iterable[str], key: Callable[[str], str] = str.casefold) -> str:
    """Return ' (did you mean "base-7b"?)' where `name` is close to known names, and "" where it is not.

    Messages put it behind the name that was not found. Names that begin with `name` are closest; `key` gives what is
    compared of each name.
    """
    spelled = {key(one): one for one in known}
    asked = key(name)
    longer = [one for one in spelled if one.startswith(asked)] if len(asked) > 1 else []
    close = longer or get_close_matches(asked, spelled)
    suggested = " or ".join(f'"{spelled[one]}"' for one in close[:_SUGGESTED])
    return f" (did you mean {suggested}?)" if close else ""
