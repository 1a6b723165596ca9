"""Errors that a person can act on.

Every message is one line: what, where, expected and found, what to do next. Errors cross Ray's processes, so each is
built from its message alone and can be pickled.
"""


def first_line(error: BaseException) -> str:
    """Return the first line of an error's message, or the name of its class where it has no message."""
    return next(iter(str(error).splitlines()), type(error).__name__)


def first_line_and_class(error: BaseException) -> str:
    """Return the name of an error's class and the first line of its message."""
    return f"{type(error).__name__}: {error}".splitlines()[0]


class SamplesError(Exception):
    """The work failed; the command line prints the message and exits 1."""

    exit_code = 1


class UsageError(SamplesError, ValueError):
    """The command or call is wrong; the command line prints the message and exits 2."""

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
    """The lake cannot be read or written where its URI points."""


class MissingExtra(SamplesError, ImportError):
    """A package of an optional extra is not installed."""
