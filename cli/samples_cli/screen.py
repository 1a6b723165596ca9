"""Show on stderr what a long command does: one line that is redrawn on a terminal, plain lines elsewhere.

There are three modes. "auto" draws; "quiet" prints only what must be read; "json" prints events for machines, one
object a line: {"event": "phase"|"progress"|"say"|…, "elapsed": seconds, …}. Except in quiet mode the screen is never
silent for long, because a thread draws, whatever a library does meanwhile. What libraries write to stderr goes to a log
file. If the work fails, the file is kept and named. Control characters in texts are spelled out.
"""

import json
import os
import signal
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

from samples.errors import UsageError
from samples.lake.patience import waiting
from samples.lines import json_finite, json_without_keys, printable, without_keys
from samples.pipeline.progress import GAP
from samples.units.progress import Progress

if TYPE_CHECKING:  # it imports the whole lake
    from samples.maintenance.compact import Status as Compacting
    from samples.report.asking import Asking
    from samples.rescore.rescore import Status

Mode = Literal["auto", "quiet", "json"]

_PLAIN_SECONDS = 2.5  # between lines at first; after five minutes a 120th of the time passed
_EVENT_SECONDS = 0.5  # between two progress events


class Screen:
    """Draws the newest state until the context ends."""

    def __init__(self, mode: Mode = "auto") -> None:
        sys.stderr.flush()
        self._mode = mode
        self._stderr = os.dup(2)  # native code writes to file descriptor 2, whatever Python's sys.stderr is
        self._console = Console(file=os.fdopen(self._stderr, "w", buffering=1, closefd=False), highlight=False)
        log, self._log = tempfile.mkstemp(prefix="samples-", suffix=".log")
        os.dup2(log, 2)
        os.close(log)
        self._line = ""
        self._event: tuple[str, dict[str, Any]] = ("", {})
        self._since = self._begin = time.monotonic()
        self._printed = float("-inf")
        self._new = False  # whether there is an event that was not printed
        self._end = threading.Event()
        self._live = (
            Live(console=self._console, transient=True, refresh_per_second=4, get_renderable=self._render)
            if mode == "auto" and self._console.is_terminal
            else None
        )

    def __enter__(self) -> Self:
        """Begin to draw."""
        if self._live:
            self._live.start()
        elif self._mode != "quiet":
            threading.Thread(target=self._tick, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the terminal clean, and stderr as it was."""
        self._end.set()
        if self._live:
            self._live.stop()
        if self._new:
            self._print()
        noise = Path(self._log).stat().st_size > 0
        if kind is not None and noise and not issubclass(kind, (UsageError, KeyboardInterrupt)):
            log = Path(self._log)
            log.write_text(without_keys(log.read_text("utf-8", "backslashreplace")), "utf-8")
            self.say(f"what libraries wrote meanwhile: {self._log}", important=True)
        else:
            Path(self._log).unlink()
        sys.stderr.flush()
        os.dup2(self._stderr, 2)
        os.close(self._stderr)
        self._stderr = 2

    def phase(self, text: str) -> None:
        """Show what is being done now, until the next phase or progress."""
        if self._new:
            self._print()  # the last progress of the phase before
        self._set(text, "phase", phase=text)
        self._since = time.monotonic()
        if not self._live:
            self._print()

    def say(self, text: str, *, important: bool = False) -> None:
        """Print a line that stays. In quiet mode, print it only if it is important."""
        if self._mode == "json":
            self.event("say", text=text)
        elif self._live:
            self._console.print(Text(printable(without_keys(text))), soft_wrap=True)
        elif important or self._mode == "auto":
            self._write(printable(without_keys(text)))

    def show(self, progress: "Progress | Status | Compacting") -> None:
        """Draw how far an ingest, a pass of a verifier, or a compaction is."""
        if not isinstance(progress, Progress) or progress.drawing:
            self._set(str(progress), "progress", **asdict(progress))
        elif self._event[1].get("phase") != progress.phase:
            self.phase(progress.phase)

    def asking(self, asking: "Asking") -> None:
        """Draw which question of a report is asked. A report of a few seconds prints no line."""
        self._printed = max(self._printed, self._begin)
        self._set(f"asking {asking}", "progress", **asdict(asking))

    def counting(self, doing: str, rows: int) -> None:
        """Draw how many rows are done. Zero rows begin a phase."""
        if rows:
            self._set(f"{doing}: {rows:,} rows", "progress", phase=doing, rows=rows)
        else:
            self.phase(doing)

    def doing(self, text: str) -> None:
        """Draw what is being done now, and how far that is. It prints no line of its own."""
        self._set(text, "progress", phase=text)

    def event(self, name: str, /, **fields: Any) -> None:
        """Print an event in json mode, such as a closing summary. It may come after the context has ended."""
        if self._mode == "json":
            elapsed = round(time.monotonic() - self._begin, 1)
            said = {"event": name, "elapsed": elapsed} | json_finite(json_without_keys(fields))
            self._write(json.dumps(said, default=_plain))

    def _set(self, line: str, name: str, **fields: Any) -> None:
        self._new = self._mode == "json" and self._event != (name, fields)
        self._line, self._since, self._event = printable(without_keys(line)), float("nan"), (name, fields)

    def _text(self) -> str:
        if away := waiting():
            return f"{self._line}{GAP}{away}"
        seconds = time.monotonic() - self._since
        return f"{self._line}  {seconds:.0f} s" if seconds >= 1 else self._line

    def _render(self) -> Text:
        return Text(_fitted(self._text(), self._console.width), overflow="ellipsis", no_wrap=True)

    def _tick(self) -> None:
        while not self._end.wait(0.25):
            now = time.monotonic()
            pause = min(max(_PLAIN_SECONDS, (now - self._begin) / 120), 60.0)
            if self._line and now - self._printed > (_EVENT_SECONDS if self._new else pause):
                self._print()

    def _print(self) -> None:
        self._printed, self._new = time.monotonic(), False
        if self._mode == "json":
            away = waiting()
            self.event(self._event[0], **self._event[1], **({"waiting": away} if away else {}))
        else:
            self.say(self._text())

    def _write(self, line: str) -> None:
        """Write a line in one piece, past Python's buffers, because a signal may come at any time and write one too."""
        data = f"{line}\n".encode(errors="backslashreplace")
        with suppress(OSError):  # if nobody reads any more, the work goes on
            while data:
                data = data[os.write(self._stderr, data) :]


class stopping:  # noqa: N801 - reads as a with statement
    """Let Ctrl-C set the event and say what happens `then`. The second Ctrl-C ends the process at once."""

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
            self._screen.say("samples: left at once; the same command goes on from what was committed", important=True)
            os._exit(130)  # Ray's processes and workers end with the driver's
        self._stop.set()
        self._screen.say(f"stopping: {self._then}", important=True)


def _fitted(line: str, room: int) -> str:
    """Drop the last parts of a line that do not fit."""
    parts = line.split(GAP)
    while len(parts) > 1 and len(GAP.join(parts)) > room:
        parts.pop()
    return GAP.join(parts)


def _plain(value: Any) -> Any:
    """Convert a value that JSON does not have: NumPy's numbers to numbers, all else to text."""
    return value.item() if hasattr(value, "item") else str(value)
