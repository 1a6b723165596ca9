"""How a long command tells what it does: to people on a screen, to machines as JSON lines, or not at all.

With --json every line on stderr is an object. Its field `event` says what else it holds:

    phase      phase: what is being done now, in words
    progress   of: samples, verdicts or rows; done; wanted and seconds_left, null while they are not known;
               for samples also errors, tokens and tokens_per_second (of this command), and replicas
    note       text: what a person would want to know
    done       command, and its summary: one for each of ingest, rescore, import and export that was run
    error      message and exit_code: the last line, when the work failed

A command that was used wrongly says so in plain text, before its first event.
"""

import time
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import Any

import typer

from samples.errors import SamplesError
from samples_cli import options

_PAUSE = 1.0  # seconds between progress events


class Reporter:
    """Tells what a command does while it works, and keeps the closing lines until the screen is given back."""

    def __init__(self, screen: Any, *, json: bool) -> None:
        self.screen = screen
        self.lines: list[str] = []
        self._json = json
        self._phase = ""
        self._told = float("-inf")

    def phase(self, text: str) -> None:
        """Tell what is being done now."""
        if not self._json:
            self.screen.phase(text)
        elif text != self._phase:
            self.screen.event(event="phase", phase=text)
        self._phase = text

    def say(self, text: str) -> None:
        """Tell what stays on the screen."""
        if self._json:
            self.screen.event(event="note", text=text)
        else:
            self.screen.say(text)

    def sampling(self, progress: Any) -> None:
        """Tell how far an ingest is."""
        if not self._json:
            self.screen.show(progress)
        elif not progress.replicas and not progress.tokens:
            self.phase(progress.phase)
        else:
            counts = ("errors", "tokens", "tokens_per_second", "replicas")
            more = {name: getattr(progress, name) for name in counts}
            self._progress("samples", progress.samples_done, progress.samples, progress.seconds_left, **more)

    def judging(self, status: Any) -> None:
        """Tell how far a pass of a verifier is."""
        left = (status.pending - status.done) / status.per_second if status.per_second else None
        if self._json:
            self._progress("verdicts", status.done, status.pending, left)
        elif left is None:
            self.screen.line("starting workers")
        else:
            from samples_cli.screen import duration

            done = f"{status.done:,}/{status.pending:,} verified"
            self.screen.line(f"{done}  {status.per_second:,.0f}/s  {duration(left)} left")

    def copying(self, doing: str, rows: int) -> None:
        """Tell how many rows of a file were read or written."""
        if not rows:
            self.phase(doing)
        elif self._json:
            self._progress("rows", rows, None, None)
        else:
            self.screen.line(f"{doing}: {rows:,} rows")

    def done(self, lines: Iterable[str], summary: Mapping[str, Any]) -> None:
        """Tell what a command did: as lines, or as its summary."""
        if self._json:
            self.screen.event(event="done", **summary)
        else:
            self.lines += lines

    def _progress(self, of: str, done: int, wanted: int | None, seconds_left: float | None, **more: Any) -> None:
        if time.monotonic() - self._told > _PAUSE:
            self._told = time.monotonic()
            self.screen.event(event="progress", of=of, done=done, wanted=wanted, seconds_left=seconds_left, **more)


@contextmanager
def reporting(*, quiet: bool, json: bool) -> Generator[Reporter]:
    """Give a command its reporter, and print the closing lines when it has ended well."""
    from samples_cli.screen import Screen

    with Screen(mode=options.mode(quiet=quiet, json=json)) as screen:
        reporter = Reporter(screen, json=json)
        try:
            yield reporter
        except SamplesError as error:
            if not json:
                raise
            screen.event(event="error", message=str(error), exit_code=error.exit_code)
            raise typer.Exit(error.exit_code) from error
    for line in reporter.lines:
        typer.echo(line, err=True)
