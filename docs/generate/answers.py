"""Ask the example lake what the examples in the headers of queries ask."""

from functools import cache
from tempfile import TemporaryDirectory

import example
from printed import printed
from samples.errors import UsageError

_NAMES = {"base": "base-7b", "rl": "rl-7b"}
_SHOWN = 12  # rows of an answer
_KEPT = TemporaryDirectory(prefix="samples-docs-")  # removed when the program ends


@cache
def _lake() -> str:
    return example.made(f"{_KEPT.name}/lake")


def answered(command: str) -> str:
    """Return a command and what it prints, notes included.

    Examples are short, to fit a line of a help page: some have short names of runs, and some are of a lake with one
    verifier. Here the names are those of the example lake.
    """
    command = " ".join(_NAMES.get(word, word) for word in command.split())
    try:
        return f"$ {command}\n{printed(command, '--lake', _lake(), '--limit', str(_SHOWN))}"
    except UsageError as error:
        if "several verifiers" not in str(error):
            raise
        return answered(f"{command} --verifier math")
