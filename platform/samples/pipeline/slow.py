"""Name the unit that takes far longer than its neighbours: a problem on which a model never stops, for example."""

import threading
import time
from collections import deque
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median

from samples.pipeline.health import Report

_LASTED = 64  # units whose times say what is usual
_TIMES = 5  # as long as others take, and at least:
_SECONDS = 60.0


@dataclass(frozen=True)
class Slow:
    """A unit at work for `seconds`, while others took `typical` seconds."""

    unit: int
    seconds: float
    typical: float


def slowest(live: Iterable[Report], every: Iterable[Report]) -> Slow | None:
    """Return the unit that is at work for the longest time, if others took far less."""
    took = [report.typical for report in every if report.typical]
    unit, seconds = max((report.oldest for report in live if report.oldest), key=lambda one: one[1], default=(0, 0.0))
    if not took or seconds < max(_SECONDS, _TIMES * median(took)):
        return None
    return Slow(unit, seconds, median(took))


class Times:
    """When a replica began the units at work, and how long the last ones took. Many threads use it."""

    def __init__(self) -> None:
        self.finished = 0  # units
        self._lock = threading.Lock()
        self._began: dict[int, float] = {}
        self._lasted: deque[float] = deque(maxlen=_LASTED)

    @contextmanager
    def of(self, unit: int) -> Generator[None]:
        """Measure the work on a unit in this context. What raises is not finished."""
        began = time.monotonic()
        with self._lock:
            self._began[unit] = began
        try:
            yield
            with self._lock:
                self.finished += 1
                self._lasted.append(time.monotonic() - began)
        finally:
            with self._lock:
                del self._began[unit]

    @property
    def oldest(self) -> tuple[int, float] | None:
        """The unit at work for the longest time, and its seconds."""
        with self._lock:
            first = min(self._began.items(), key=lambda one: one[1], default=None)
        return first and (first[0], time.monotonic() - first[1])

    @property
    def typical(self) -> float:
        """The median of the seconds of the last units; 0 before the first."""
        with self._lock:
            return median(self._lasted) if self._lasted else 0.0
