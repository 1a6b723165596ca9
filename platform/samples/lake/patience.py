"""Wait for a store that is away: repeat what failed, until the store is back or the time is up.

A read or write is repeated for two minutes, or as long as the variable SAMPLES_RETRY_SECONDS says. A job that draws
waits ten times as long, because its samples are costly. A store that has never answered this process is given up
sooner: its address may be wrong.
"""

import os
import random
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from samples.errors import StoreAway, UsageError

_SECONDS = 120.0
_FIRST_SECONDS = 20.0  # before the store's first answer
_JOB = 10  # times as long
_TRY_SECONDS = 3.0  # how long the libraries themselves repeat a request; Python sees no Ctrl-C meanwhile
_PAUSE, _LONGEST_PAUSE = 0.1, 5.0
_VARIABLE = "SAMPLES_RETRY_SECONDS"

Answer = TypeVar("Answer")
_in_job: ContextVar[Callable[[], None] | None] = ContextVar("in_job", default=None)  # what to call while waiting
_once: ContextVar[bool] = ContextVar("once", default=False)
_answered: set[str] = set()  # stores
_waiting: dict[int, float] = {}  # for each thread that waits: since when
_retried = 0  # how often a store was found away
_counting = threading.Lock()


def seconds() -> float:
    """Return how long a read or write is repeated.

    Raises:
        UsageError: SAMPLES_RETRY_SECONDS is no number of seconds.
    """
    given = os.environ.get(_VARIABLE)
    try:
        found = _SECONDS if given is None else float(given)
    except ValueError:
        found = -1.0
    if not 0 <= found < float("inf"):
        raise UsageError(f"{_VARIABLE}={given}: expected seconds, such as 120")
    return found


def job_seconds() -> float:
    """Return how long a read or write of a job that draws is repeated."""
    return seconds() * _JOB


def try_seconds() -> float:
    """Return how long the libraries themselves repeat one request."""
    return min(_TRY_SECONDS, seconds())


@contextmanager
def of_a_job(told: Callable[[], None] = lambda: None) -> Generator[None]:
    """Wait ten times as long within the context, in this thread. Call `told` before each pause."""
    before = _in_job.set(told)
    try:
        yield
    finally:
        _in_job.reset(before)


@contextmanager
def of_a_courtesy() -> Generator[None]:
    """Try once within the context, in this thread: what is read or written there may fail."""
    before = _once.set(True)
    try:
        yield
    finally:
        _once.reset(before)


def patiently(work: Callable[[], Answer], store: str) -> Answer:
    """Return what `work` returns. Call it again while it raises `StoreAway`, with growing pauses.

    `work` must be safe to repeat: its answer may have been lost after it was done.

    Raises:
        StoreAway: The store was away for too long.
    """
    if _once.get():
        return work()
    told = _in_job.get()
    most = job_seconds() if told else seconds() if store in _answered else min(seconds(), _FIRST_SECONDS)
    began, pause = time.monotonic(), _PAUSE
    try:
        while True:
            try:
                answer = work()
            except StoreAway:
                _count_retry()
                _waiting.setdefault(threading.get_ident(), began)
                left = began + most - time.monotonic()
                if left <= 0:
                    raise
                if told:
                    told()
                # At random, because replicas should not all come back at once.
                time.sleep(min(pause * random.uniform(0.5, 1), left))  # noqa: S311 - it need not be secret
                pause = min(2 * pause, _LONGEST_PAUSE)
            else:
                _answered.add(store)
                return answer
    finally:
        _waiting.pop(threading.get_ident(), None)


def waiting() -> str:
    """Say that this process waits for a store, and how long; "" if it does not."""
    since = min(_waiting.copy().values(), default=None)
    return "" if since is None else f"waiting for the store ({time.monotonic() - since:.0f} s)"


def retries() -> int:
    """Return how often this process found a store away, since it began."""
    return _retried


def _count_retry() -> None:
    global _retried  # noqa: PLW0603 - one process, one count
    with _counting:
        _retried += 1
