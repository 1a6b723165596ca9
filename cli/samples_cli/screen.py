"""The progress line on stderr: redrawn on a terminal, plain lines elsewhere; never silent for long.

A thread draws, so that a library that takes its time does not make the screen look dead. While the screen is drawn,
what libraries write to stderr goes to a log file, which is kept and named when the work fails.
"""

import os
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

from samples.errors import UsageError
from samples.ingest.progress import Progress

_PLAIN_SECONDS = 2.5  # between plain lines at first; after five minutes a 120th of the time passed


class Screen:
    """Draws the newest state until the context ends."""

    def __init__(self) -> None:
        sys.stderr.flush()
        self._stderr = os.dup(2)  # native code writes to file descriptor 2, whatever Python's sys.stderr is
        self._console = Console(file=os.fdopen(self._stderr, "w", buffering=1, closefd=False), highlight=False)
        log, self._log = tempfile.mkstemp(prefix="samples-", suffix=".log")
        os.dup2(log, 2)
        os.close(log)
        self._line = ""
        self._since = self._begin = time.monotonic()
        self._printed = float("-inf")
        self._printed_line = ""
        self._end = threading.Event()
        self._live = (
            Live(console=self._console, transient=True, refresh_per_second=4, get_renderable=self._render)
            if self._console.is_terminal
            else None
        )

    def __enter__(self) -> Self:
        """Begin to draw."""
        if self._live:
            self._live.start()
        else:
            threading.Thread(target=self._tick, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the terminal clean, and stderr as it was."""
        self._end.set()
        if self._live:
            self._live.stop()
        noise = Path(self._log).stat().st_size > 0
        if kind is not None and noise and not issubclass(kind, (UsageError, KeyboardInterrupt)):
            self.say(f"what libraries wrote meanwhile: {self._log}")
        else:
            Path(self._log).unlink()
        sys.stderr.flush()
        os.dup2(self._stderr, 2)
        os.close(self._stderr)

    def phase(self, text: str) -> None:
        """Name what is being done now, until something else is said."""
        self._line, self._since = text, time.monotonic()
        if not self._live:
            self._print()

    def say(self, text: str) -> None:
        """Print a line that stays."""
        self._console.print(Text(text), soft_wrap=True)

    def show(self, progress: Progress) -> None:
        """Draw an ingest's progress."""
        line = describe(progress)
        if line is not None:
            self.line(line)
        elif self._line != progress.phase:
            self.phase(progress.phase)

    def line(self, text: str) -> None:
        """Draw a line that tells its own progress."""
        self._line, self._since = text, float("nan")

    def _render(self) -> Text:
        seconds = time.monotonic() - self._since
        return Text(f"{self._line}  {seconds:.0f} s" if seconds >= 1 else self._line, overflow="ellipsis", no_wrap=True)

    def _tick(self) -> None:
        while not self._end.wait(0.25):
            pause = min(max(_PLAIN_SECONDS, (time.monotonic() - self._begin) / 120), 60.0)
            if self._line and time.monotonic() - self._printed > pause:
                self._print()

    def _print(self) -> None:
        self._printed = time.monotonic()
        self.say(self._render().plain)


class stopping:  # noqa: N801 - reads as a with statement
    """Ctrl-C once sets the event and says what happens then; twice leaves at once."""

    def __init__(self, screen: Screen, then: str) -> None:
        self._screen, self._then, self._stop = screen, then, threading.Event()

    def __enter__(self) -> threading.Event:
        """Take over Ctrl-C."""
        self._before = signal.signal(signal.SIGINT, self._interrupt)
        return self._stop

    def __exit__(self, *_: object) -> None:
        """Give Ctrl-C back."""
        signal.signal(signal.SIGINT, self._before)

    def _interrupt(self, _number: int, _frame: object) -> None:
        if self._stop.is_set():
            self._screen.say("samples: left at once; the same command goes on from what was committed")
            os._exit(130)  # Ray's processes and workers end with the driver's
        self._stop.set()
        self._screen.say(f"stopping: {self._then}")


def describe(progress: Progress) -> str | None:
    """Put an ingest's progress into one line; None while no replica samples yet."""
    if not progress.replicas and not progress.tokens:
        return None
    parts = [
        f"{progress.samples_done:,}/{progress.samples:,} samples",
        f"{progress.problems_done:,}/{progress.problems:,} problems",
        f"{progress.tokens_per_second:,.0f} tokens/s",
        f"{progress.replicas} replica{'s' if progress.replicas != 1 else ''}"
        + (f" (+{progress.replicas_starting} starting)" if progress.replicas_starting else ""),
        f"{progress.errors:,} errors",
    ]
    if progress.seconds_left is not None and progress.samples_done < progress.samples:
        parts.append(f"{duration(progress.seconds_left)} left")
    if progress.note:
        parts.append(progress.note)
    return "  ".join(parts)


def duration(seconds: float) -> str:
    """Write seconds as people say them: 42 s, 3 min 05 s, 2 h 07 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
