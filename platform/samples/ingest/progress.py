"""The progress of an ingest, which the command line shows, and its summary."""

import time
from collections import deque
from dataclasses import dataclass, field

from samples.pipeline import progress
from samples.pipeline.telemetry import Status

_WINDOW = 60.0  # seconds over which rates are measured


@dataclass(frozen=True)
class Progress:
    """The state of a running ingest. Rates are per second; `seconds_left` is None while no estimate means something."""

    phase: str
    problems: int = 0
    problems_done: int = 0
    samples: int = 0  # wanted in all, with those committed before
    samples_done: int = 0
    tokens: int = 0  # drawn by this command
    tokens_per_second: float = 0.0
    replicas: int = 0
    replicas_starting: int = 0
    errors: int = 0
    seconds_left: float | None = None
    note: str = ""

    @property
    def drawing(self) -> bool:
        """Whether a replica has begun to draw; before that, the phase says all."""
        return bool(self.replicas or self.tokens)

    def __str__(self) -> str:
        if not self.drawing:
            return self.phase
        errors = f"{self.errors:,} errors"
        return progress.line(
            f"{self.samples_done:,}/{self.samples:,} samples",
            self.note or progress.time_left(self.seconds_left),
            errors if self.errors else "",
            f"{self.tokens_per_second:,.0f} tokens/s",
            f"{self.replicas} replica{'s' if self.replicas != 1 else ''}"
            + (f" (+{self.replicas_starting} starting)" if self.replicas_starting else ""),
            f"{self.problems_done:,}/{self.problems:,} problems",
            "" if self.errors else errors,
        )


@dataclass(frozen=True)
class Summary:
    """What one ingest did. `heavy_bytes` counts the bytes of its segments, `tokens` the tokens that it drew.

    Every wanted sample was there already, was adopted, drawn, added by other drivers meanwhile, or is missing.
    """

    run_id: str
    name: str
    wanted: int
    already: int
    adopted: int
    drawn: int
    by_others: int
    missing: int
    beyond: int
    errors: int
    tokens: int
    nonfinite: int
    heavy_bytes: int
    seconds: float  # of sampling, from the first ready replica to the last commit
    stopped: bool
    verdicts: dict[str, int] = field(default_factory=dict[str, int])
    notes: tuple[str, ...] = ()

    @property
    def tokens_per_second(self) -> float:
        """The tokens drawn per second of sampling."""
        return self.tokens / self.seconds if self.seconds else 0.0

    @property
    def bytes_per_token(self) -> float:
        """The bytes on disk per token: ids, log-probs and text together."""
        return self.heavy_bytes / self.tokens if self.tokens else 0.0


class Meter:
    """Computes rates from totals over time."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int, int]] = deque()

    def see(self, status: Status) -> tuple[float, float]:
        """Record the totals. Return (samples, tokens) per second over the last minute of sampling."""
        now = time.monotonic()
        if not status.ready:
            self._seen.clear()  # nothing is drawn while a model loads
        self._seen.append((now, status.samples, status.tokens))
        while now - self._seen[0][0] > _WINDOW:
            self._seen.popleft()
        then, samples, tokens = self._seen[0]
        seconds = now - then
        return ((status.samples - samples) / seconds, (status.tokens - tokens) / seconds) if seconds > 0 else (0.0, 0.0)
