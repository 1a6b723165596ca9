"""Ask the example lake what the examples in the headers of queries ask, and return what is printed."""

import shlex
from contextlib import redirect_stderr, redirect_stdout
from functools import cache
from io import BytesIO, TextIOWrapper
from tempfile import TemporaryDirectory

import example
from samples.errors import UsageError
from samples_cli.main import cli

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
        return f"$ {command}\n{_printed(command)}"
    except UsageError as error:
        if "several verifiers" not in str(error):
            raise
        return answered(f"{command} --verifier math")


def _printed(command: str) -> str:
    printed = TextIOWrapper(BytesIO(), "utf-8")
    arguments = [*shlex.split(command)[1:], "--lake", _lake(), "--limit", str(_SHOWN)]
    with redirect_stdout(printed), redirect_stderr(printed):
        cli.main(arguments, prog_name="samples", standalone_mode=False)
    printed.seek(0)
    return printed.read().rstrip("\n")
