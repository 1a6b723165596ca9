"""Progress as one line: its parts in the order of what matters, so that a narrow screen loses the least of them."""

import time
from typing import TYPE_CHECKING

from samples.ingest.progress import Progress

if TYPE_CHECKING:  # it imports the whole lake
    from samples.rescore.rescore import Status

_GAP = "  "
_SECONDS = 10.0  # of work before an estimate means something,
_COUNT = 50  # and so many samples, or
_SHARE = 0.05  # this share of them


class Estimate:
    """Tells how long is left, and nothing before that means something."""

    def __init__(self) -> None:
        self._first: tuple[float, int] | None = None

    def left(self, done: int, total: int, seconds: float | None) -> float | None:
        """Return the seconds that are left when `done` of `total` samples are there, or None."""
        now = time.monotonic()
        self._first = self._first or (now, done)
        began, before = self._first
        worked = done - before >= min(_COUNT, _SHARE * (total - before))
        return seconds if worked and now - began >= _SECONDS and done < total else None


def sampling(progress: Progress, left: float | None) -> str:
    """Put an ingest's progress into one line."""
    errors = f"{progress.errors:,} errors"
    return _line(
        f"{progress.samples_done:,}/{progress.samples:,} samples",
        progress.note or _left(left),
        errors if progress.errors else "",
        f"{progress.tokens_per_second:,.0f} tokens/s",
        f"{progress.replicas} replica{'s' if progress.replicas != 1 else ''}"
        + (f" (+{progress.replicas_starting} starting)" if progress.replicas_starting else ""),
        f"{progress.problems_done:,}/{progress.problems:,} problems",
        "" if progress.errors else errors,
    )


def verifying(status: "Status", left: float | None) -> str:
    """Put the progress of a pass over stored samples into one line."""
    if not status.done:
        return "starting workers"
    return _line(f"{status.done:,}/{status.pending:,} verified", _left(left), f"{status.per_second:,.0f}/s")


def fitted(line: str, room: int) -> str:
    """Drop the last parts of a line that do not fit."""
    parts = line.split(_GAP)
    while len(parts) > 1 and len(_GAP.join(parts)) > room:
        parts.pop()
    return _GAP.join(parts)


def duration(seconds: float) -> str:
    """Write seconds as people say them: 42 s, 3 min 05 s, 2 h 07 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def _left(seconds: float | None) -> str:
    return "" if seconds is None else f"{duration(seconds)} left"


def _line(*parts: str) -> str:
    return _GAP.join(part for part in parts if part)
