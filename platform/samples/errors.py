"""Errors that tell the user what to do.

Every message is one line: what failed, where, what was expected and found, what to do next. An error is built from its
message alone, so it pickles and can pass between Ray's processes.
"""


class SamplesError(Exception):
    """The work failed; the command line prints the message and exits 1."""

    exit_code = 1


class UsageError(SamplesError, ValueError):
    """The request is wrong; the command line prints the message and exits 2."""

    exit_code = 2


class ProblemsError(UsageError):
    """A problem source cannot be read as problems."""


class TemplateError(UsageError):
    """A prompt template cannot be found, parsed or rendered."""


class ModelError(UsageError):
    """A model or its tokenizer cannot be loaded."""


class NotFound(UsageError, LookupError):
    """The lake does not hold this run, problem or sample."""


class LakeError(SamplesError, OSError):
    """The lake cannot be read or written at its URI."""


class MissingExtra(SamplesError, ImportError):
    """A package of an optional extra is not installed."""
