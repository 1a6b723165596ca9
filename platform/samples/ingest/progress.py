"""How far an ingest is: what the command line draws and the summary counts."""

import time
from collections import deque
from dataclasses import dataclass, field

from samples.pipeline.telemetry import Status

_WINDOW = 60.0  # seconds over which rates are taken


@dataclass(frozen=True)
class Progress:
    """One look at a running ingest. Rates are per second; `seconds_left` is None while nothing is known."""

    phase: str
    problems: int = 0
    problems_done: int = 0
    samples: int = 0  # wanted in all, with those that were there before
    samples_done: int = 0
    tokens: int = 0  # drawn by this command
    tokens_per_second: float = 0.0
    replicas: int = 0
    replicas_starting: int = 0
    errors: int = 0
    seconds_left: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Summary:
    """What one ingest did. `heavy_bytes` are those of the segments it committed; token counts are its own draws."""

    run_id: str
    name: str
    wanted: int
    already: int
    adopted: int
    drawn: int
    missing: int
    beyond: int
    errors: int
    tokens: int
    nonfinite: int
    heavy_bytes: int
    seconds: float  # of sampling, from the first replica that was ready to the last commit
    stopped: bool
    verdicts: dict[str, int] = field(default_factory=dict[str, int])
    notes: tuple[str, ...] = ()

    @property
    def tokens_per_second(self) -> float:
        """Tokens drawn per second of sampling."""
        return self.tokens / self.seconds if self.seconds else 0.0

    @property
    def bytes_per_token(self) -> float:
        """Bytes on disk per token: ids, log-probs and text together."""
        return self.heavy_bytes / self.tokens if self.tokens else 0.0


class Meter:
    """Turns totals seen over time into rates."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int, int]] = deque()

    def see(self, status: Status) -> tuple[float, float]:
        """Take note of the totals; returns (samples, tokens) per second over the last minute of sampling."""
        now = time.monotonic()
        if not status.ready:
            self._seen.clear()  # loading a model draws nothing, and says nothing of the rate
        self._seen.append((now, status.samples, status.tokens))
        while now - self._seen[0][0] > _WINDOW:
            self._seen.popleft()
        then, samples, tokens = self._seen[0]
        seconds = now - then
        return ((status.samples - samples) / seconds, (status.tokens - tokens) / seconds) if seconds > 0 else (0.0, 0.0)
