"""Show on a terminal that a question is still being asked: nobody should look at a still screen for seconds."""

import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager

from samples_cli import terminal

_SILENT = 2.5  # seconds


@contextmanager
def waiting(doing: str) -> Generator[None]:
    """Draw `doing` and its seconds on stderr once it lasts, and clear the line at the end; only on a terminal."""
    if not sys.stderr.isatty():
        yield
        return
    over = threading.Event()
    thread = threading.Thread(target=_draw, args=(doing, over), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _draw(doing: str, over: threading.Event) -> None:
    began = time.monotonic()
    if over.wait(_SILENT):
        return
    while not over.is_set():
        terminal.redraw(f"{doing}  {time.monotonic() - began:.0f} s")
        over.wait(1)
    terminal.redraw("")
