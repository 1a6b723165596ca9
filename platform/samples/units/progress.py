"""The progress of a job's units, which the command line shows, and what was committed."""

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from samples.pipeline import progress
from samples.pipeline.telemetry import Status
from samples.units.segment import Receipt

_WINDOW = 60.0  # seconds over which rates are measured


@dataclass(frozen=True)
class Progress:
    """The state of a running job. Rates are per second; `seconds_left` is None while no estimate means something."""

    phase: str
    problems: int = 0
    problems_done: int = 0
    samples: int = 0  # wanted in all, with those committed before
    samples_done: int = 0
    tokens: int = 0  # by this command
    tokens_per_second: float = 0.0
    replicas: int = 0
    replicas_starting: int = 0
    errors: int = 0
    seconds_left: float | None = None
    note: str = ""

    @property
    def drawing(self) -> bool:
        """Whether a replica has begun; before that, the phase says all."""
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


@dataclass
class Total:
    """What this command has committed so far."""

    adopted: int = 0
    samples: int = 0
    tokens: int = 0
    errors: int = 0
    nonfinite: int = 0
    heavy_bytes: int = 0
    seconds: float = 0.0

    @property
    def drawn(self) -> int:
        """The number of samples that it drew itself."""
        return self.samples - self.adopted

    def adopt(self, receipts: Sequence[Receipt]) -> None:
        """Add units that an earlier driver drew. Their tokens and bytes are not this command's."""
        tokens, heavy_bytes = self.tokens, self.heavy_bytes
        self.take(receipts)
        self.tokens, self.heavy_bytes = tokens, heavy_bytes
        self.adopted += sum(receipt.facts.num_rows for receipt in receipts)

    def take(self, receipts: Sequence[Receipt]) -> None:
        """Add units that this command committed. Samples that parts had are adopted, like those of whole units."""
        for receipt in receipts:
            kept, kept_tokens = receipt.kept
            tokens = int(np.sum(receipt.facts["tokens"].to_numpy()))
            self.samples += receipt.facts.num_rows
            self.adopted += kept
            self.tokens += tokens - kept_tokens
            self.errors += receipt.facts.num_rows - receipt.facts["error"].null_count
            self.nonfinite += receipt.nonfinite
            self.heavy_bytes += (
                receipt.file.size * (tokens - kept_tokens) // max(tokens, 1) if kept else receipt.file.size
            )


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
