"""Say at the end of a long command what it did: lines for people, or with --json an event for machines.

With --json every line on stderr is an object with `event` and `elapsed`, the seconds since the command began. The
screen writes `phase`, `progress` and `say`. The last events are written here:

    done    command, and its summary; one for each of ingest, rescore, import and export that was run
    error   message and exit_code, when the work failed

A wrong command line is an error in plain text, before the first event.
"""

from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from samples.errors import SamplesError
from samples_cli import options, terminal

if TYPE_CHECKING:  # it imports rich, and the lake
    from samples_cli.screen import Screen


class Reporter:
    """The screen of a command, and what to say after it has ended."""

    def __init__(self, screen: "Screen") -> None:
        self.screen = screen
        self.closing: list[tuple[Iterable[str], Mapping[str, Any]]] = []

    def done(self, lines: Iterable[str], summary: Mapping[str, Any]) -> None:
        """Keep what a command did, as lines and as the fields of an event."""
        self.closing.append((lines, summary))


@contextmanager
def reporting(*, quiet: bool, json: bool) -> Generator[Reporter]:
    """Give a command its screen. At the end, say what it did, or why it failed."""
    from samples_cli.screen import Screen

    screen = Screen(options.mode(quiet=quiet, json=json))
    reporter = Reporter(screen)
    try:
        with screen:
            yield reporter
    except SamplesError as error:
        if not json:
            raise
        screen.event("error", message=str(error), exit_code=error.exit_code)
        raise typer.Exit(error.exit_code) from error
    for lines, summary in reporter.closing:
        if json:
            screen.event("done", **summary)
        else:
            terminal.say("\n".join(lines))
