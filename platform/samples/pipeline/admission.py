"""Admission: decide when a replica may begin its next unit, and in which company.

A unit is done when its longest sample is done, which is often ten times as long as most others. A replica therefore
holds many units. It begins another one as soon as fewer samples are unfinished than its worker does at once. So an
engine's batch stays full, and after a stop the user waits only for units that had begun.
"""

import threading
from collections.abc import Generator
from contextlib import contextmanager


class Admission:
    """Counts unfinished samples; units wait until the worker has room."""

    def __init__(self, capacity: int) -> None:
        """Allow `capacity` samples at once, as many as the worker can do."""
        self._capacity = capacity
        self._unfinished = 0
        self._closed = False
        self._changed = threading.Condition()

    def enter(self, count: int) -> bool:
        """Wait until a unit of `count` samples may begin. Return False after `close`: no unit may begin any more."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._unfinished < self._capacity)
            if not self._closed:
                self._unfinished += count
            return not self._closed

    def leave(self, count: int) -> None:
        """Record that `count` samples are finished."""
        with self._changed:
            self._unfinished -= count
            self._changed.notify_all()

    def close(self) -> None:
        """Let no further unit begin."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()


class Company:
    """Lets units that may be the death of a replica run beside few others, or alone."""

    def __init__(self) -> None:
        self._running: list[int] = []  # the most units that each one that runs may be among, itself included
        self._waiting: list[int] = []
        self._changed = threading.Condition()

    @contextmanager
    def of(self, most: int) -> Generator[None]:
        """Wait until at most `most` units run, this one included, then run it in this context. 0 is alone and first."""
        with self._changed:
            self._waiting.append(most)
            self._changed.wait_for(lambda: self._fits(most))
            self._waiting.remove(most)
            self._running.append(most)
        try:
            yield
        finally:
            with self._changed:
                self._running.remove(most)
                self._changed.notify_all()

    def _fits(self, most: int) -> bool:
        """Return whether one more fits. The one that wants the smallest company is next, or it might wait for ever."""
        return len(self._running) < max(1, min([most, *self._running])) and most <= min(self._waiting)
