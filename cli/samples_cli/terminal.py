"""Everything that the command line writes to a terminal passes here and becomes inert: no text is obeyed.

Ids, completions, labels and names of columns may come from strangers. Lines for people are inert wherever they go. Data
on stdout (csv, json, …) are inert on a terminal, and exact in files and pipes.
"""

import io
import sys
import traceback
from types import TracebackType
from typing import IO, Any

import typer

from samples.lines import printable, without_keys


def say(text: str) -> None:
    """Write lines for people to stderr, without keys."""
    _write(sys.stderr, f"{printable(without_keys(text))}\n")


def redraw(text: str) -> None:
    """Write a line for people to stderr, a terminal, in place of the line that was drawn before; "" clears it."""
    _write(sys.stderr, f"\r\x1b[K{printable(text)}")


def put(text: str, *, end: str = "\n") -> None:
    """Write lines for people to stdout. `end` is written as it is."""
    _write(sys.stdout, f"{printable(text)}{end}")


def page(text: str) -> None:
    """Write a help page to stdout. It holds our own words only, and its headings are bold on a terminal."""
    typer.echo(text)  # noqa: TID251 - it also leaves bold out of files and pipes


def inert(sink: IO[bytes]) -> IO[bytes]:
    """Return a sink for UTF-8 texts: if `sink` is a terminal, one that makes them inert; else `sink` itself."""
    return _Inert(sink) if sink.isatty() else sink


def last_words(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Write the traceback of an error that nobody expected (see `sys.excepthook`)."""
    say("".join(traceback.format_exception(kind, error, trace)).rstrip("\n"))


class _Inert(io.BytesIO):
    """Makes each piece of text inert before it reaches the terminal. A piece holds whole characters."""

    def __init__(self, sink: IO[bytes]) -> None:
        super().__init__()
        self._sink = sink

    def write(self, data: Any) -> int:
        """Write a piece of text."""
        self._sink.write(printable(bytes(data).decode("utf-8", "backslashreplace")).encode())
        return len(data)

    def flush(self) -> None:
        """Let the terminal show what was written."""
        self._sink.flush()

    def isatty(self) -> bool:
        """Return True."""
        return True


def _write(stream: Any, text: str) -> None:
    """Write a text in the stream's encoding; letters that it lacks are spelled out."""
    code = getattr(stream, "encoding", None) or "utf-8"
    stream.write(text.encode(code, "backslashreplace").decode(code))
    stream.flush()
