"""Run a command of ours in this process, and return what it prints: answers, and notes after them."""

import shlex
from contextlib import redirect_stderr, redirect_stdout
from io import BytesIO, TextIOWrapper
from typing import Any

from samples_cli.main import cli


def printed(command: str, *more: str) -> str:
    """Return what `samples …` prints on both streams. Progress is left out: a terminal clears its line at the end.

    Raises:
        SamplesError: The command failed.
    """
    name, *arguments = shlex.split(command, comments=True)
    assert name == "samples", f"only commands of ours can be run: {command}"
    quiet = ["--quiet"] if _has_quiet(arguments[0]) else []
    both = TextIOWrapper(BytesIO(), "utf-8")
    with redirect_stdout(both), redirect_stderr(both):
        code = cli.main([*arguments, *quiet, *more], prog_name="samples", standalone_mode=False)
    assert not code, f"{command} ended with {code}"
    both.seek(0)
    return both.read().rstrip("\n")


def _has_quiet(name: str) -> bool:
    group: Any = cli  # which needs no context to find a command
    command = group.get_command(None, name)
    return any("--quiet" in param.opts for param in command.params)
