"""How far a job is, as one line for people, and how long it still takes."""

import time

GAP = "  "  # between the parts of a line; a narrow screen drops the last parts

_SECONDS = 10.0  # of work before an estimate means something,
_COUNT = 50  # and so many samples, or
_SHARE = 0.05  # this share of them


class Estimate:
    """Tells how long is left, but nothing before enough is done for that."""

    def __init__(self, seconds: float = _SECONDS) -> None:
        """Give no estimate in the first `seconds` of work."""
        self._seconds = seconds
        self._first: tuple[float, int] | None = None

    def left(self, done: int, total: int, seconds: float | None) -> float | None:
        """Return `seconds`, the time left for `total` samples when `done` are there; None while it means little.

        The work begins with the first call.
        """
        now = time.monotonic()
        self._first = self._first or (now, done)
        began, before = self._first
        enough = done - before >= min(_COUNT, _SHARE * (total - before)) and now - began >= self._seconds
        return seconds if enough and done < total else None


def line(*parts: str) -> str:
    """Join the parts that are not empty. The most important part comes first."""
    return GAP.join(part for part in parts if part)


def time_left(seconds: float | None) -> str:
    """Write the seconds that are left; "" while they are unknown."""
    return "" if seconds is None else f"{duration(seconds)} left"


def duration(seconds: float) -> str:
    """Write seconds as people say them: 42 s, 3 min 05 s, 2 h 07 min."""
    whole = round(seconds)
    if whole < 60:  # noqa: PLR2004 - seconds of a minute
        return f"{whole} s"
    if whole < 3600:  # noqa: PLR2004 - seconds of an hour
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
