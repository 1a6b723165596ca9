"""Ctrl-C stops a question within a second or two.

DuckDB itself checks for Ctrl-C only now and then. So the question runs on a thread of its own, and the main thread
tells DuckDB to stop. Some functions over a single huge value cannot be stopped. Their thread is left behind, and the
caller goes on; a command then ends its process (see `left_behind`).
"""

import threading
from collections.abc import Callable
from typing import TypeVar

import duckdb

Answer = TypeVar("Answer")
_GRACE_SECONDS = 1.0
_left: list[threading.Thread] = []


def promptly(work: Callable[[list[duckdb.DuckDBPyConnection]], Answer]) -> Answer:
    """Run `work` and return what it returns; it adds its connections to the list it is given.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed meanwhile; DuckDB was told to stop.
        Exception: Whatever `work` raises.
    """
    if threading.current_thread() is not threading.main_thread():
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
        done.wait()
    except KeyboardInterrupt:
        for connection in connections:
            connection.interrupt()
        if not done.wait(_GRACE_SECONDS):
            _left.append(worker)
        raise
    if errors:
        raise errors[0]
    return answers[0]


def left_behind() -> bool:
    """Whether an interrupted question still runs. Only the end of the process stops it."""
    return any(thread.is_alive() for thread in _left)
