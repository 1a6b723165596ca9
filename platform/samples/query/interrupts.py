"""Ctrl-C, and a limit of time, stop a question within a second or two.

DuckDB itself checks for Ctrl-C only now and then. So the question runs on a thread of its own, and the one that asked
tells DuckDB to stop. Some functions over a single huge value cannot be stopped. Their thread is left behind, and the
caller goes on; a command then ends its process (see `left_behind`).
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

import duckdb

Answer = TypeVar("Answer")
_GRACE_SECONDS, _AGAIN_SECONDS = 1.0, 0.05
_left: list[threading.Thread] = []


def promptly(work: Callable[[list[duckdb.DuckDBPyConnection]], Answer], seconds: float | None = None) -> Answer:
    """Run `work` and return what it returns; it adds its connections to the list it is given.

    Raises:
        TimeoutError: It took more than `seconds`; DuckDB was told to stop.
        KeyboardInterrupt: Ctrl-C was pressed meanwhile; DuckDB was told to stop.
        Exception: Whatever `work` raises.
    """
    if seconds is None and threading.current_thread() is not threading.main_thread():
        return work([])  # Ctrl-C is the main thread's
    connections: list[duckdb.DuckDBPyConnection] = []
    answers: list[Answer] = []
    errors: list[BaseException] = []
    done = threading.Event()

    def run() -> None:
        try:
            answers.append(work(connections))
        except BaseException as error:  # noqa: BLE001 - raised again in the main thread
            errors.append(error)
        finally:
            done.set()

    worker = threading.Thread(target=run, daemon=True)
    worker.start()
    try:
        in_time = done.wait(seconds)
    except KeyboardInterrupt:
        _stop(connections, done, worker)
        raise
    if not in_time:
        _stop(connections, done, worker)
        raise TimeoutError
    if errors:
        raise errors[0]
    return answers[0]


def _stop(connections: list[duckdb.DuckDBPyConnection], done: threading.Event, worker: threading.Thread) -> None:
    """Tell DuckDB to stop, again and again: it forgets what it was told between two statements."""
    until = time.monotonic() + _GRACE_SECONDS
    while time.monotonic() < until:
        for connection in tuple(connections):
            with suppress(duckdb.Error):  # it may be closed meanwhile
                connection.interrupt()
        if done.wait(_AGAIN_SECONDS):
            return
    _left.append(worker)


def left_behind() -> bool:
    """Whether an interrupted question still runs. Only the end of the process stops it."""
    return any(thread.is_alive() for thread in _left)
