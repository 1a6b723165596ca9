"""Replicas report their progress here, for display only. The lake decides what is done.

One small Ray actor runs beside the driver. Replicas report to it about once a second, and its answer says whether to
begin another unit. The driver reads it for the progress line. For a job that shares its units with other drivers it
assigns them (`samples.pipeline.assignment`). When it is gone, the work goes on.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from samples.pipeline.assignment import Assignment
from samples.pipeline.metrics import Metrics

STALE = 15.0  # seconds without a report after which a replica counts as gone

_REFUSALS = 3  # so many replicas in a row that cannot start end the job; while others work, so many:
_REFUSALS_BESIDE = 10


@dataclass(frozen=True)
class Report:
    """What one replica reports about itself. Counts are totals since it started."""

    replica: str
    ready: bool  # its engine is loaded
    stopping: bool  # it knows that it must take no further unit
    busy: int  # units that it has begun and not finished
    samples: int
    tokens: int
    errors: int
    waiting: bool = False  # for the lake's store, which is away


@dataclass(frozen=True)
class Status:
    """All replicas together. Totals include replicas that are gone."""

    seen: int = 0  # replicas that ever reported
    starting: int = 0
    ready: int = 0
    busy: int = 0
    samples: int = 0
    tokens: int = 0
    errors: int = 0
    waiting: int = 0
    begun: int = 0  # units assigned
    idle: bool = False  # stopped, and no replica has an unfinished unit or will take one
    refused: int = 0  # replicas that could not start
    reason: str = ""  # why the last of them could not, until another one is ready


class Telemetry:
    """The class of the actor that `start_telemetry` makes."""

    def __init__(self, first: int = 1, run: str = "") -> None:
        """Expect `first` replicas to start at the beginning. `run` tags the metrics."""
        self._first = first
        self._metrics = Metrics(run)
        self._reports: dict[str, tuple[float, Report]] = {}
        self._stopping = False
        self._assignment = Assignment()
        self._refused = self._in_a_row = 0
        self._reason = ""
        self._worked = False  # whether a replica was ever ready
        self._first_seen: dict[str, int] = {}  # how many could not start before a replica's first report

    def report(self, report: Report) -> bool:
        """Record a replica's report. Return whether it should stop taking units."""
        _, before = self._reports.get(report.replica, (0, None))
        after = self._first_seen.setdefault(report.replica, self._refused)
        if report.ready and not (before and before.ready):
            self._in_a_row, self._worked = 0, True
            if after == self._refused:  # it began after the last one that could not: the reason has passed
                self._reason = ""
        self._reports[report.replica] = (time.monotonic(), report)
        return self._stopping

    def refuse(self, replica: str, reason: str) -> int:
        """Record that a replica cannot start. Return how many in a row could not; 0 if that ends the job.

        A single replica that never worked ends it. Otherwise one bad machine ends nothing. The reason may pass, too:
        memory that is not yet free, a hub that is busy.
        """
        self._refused += 1
        self._in_a_row += 1
        self._reason = reason
        others = any(report.ready for report in self._live() if report.replica != replica)
        most = _REFUSALS_BESIDE if others else _REFUSALS if self._worked or self._first > 1 else 1
        return 0 if self._stopping or self._in_a_row >= most else self._in_a_row

    def stop(self) -> None:
        """Tell every replica to take no further unit."""
        self._stopping = True

    def offer(self, units: Sequence[int], more: bool, known: int) -> list[int]:
        """Offer units to the replicas, see `Assignment.offer`."""
        return self._assignment.offer(units, more=more, known=known)

    def begin(self, call: int) -> int | None:
        """Return the unit that a replica's call begins, see `Assignment.begin`."""
        return self._assignment.begin(call)

    def read(self) -> Status:
        """Return the sum over all replicas."""
        live = self._live()
        every = [report for _, report in self._reports.values()]
        status = Status(
            seen=len(every),
            starting=sum(not report.ready for report in live),
            ready=sum(report.ready for report in live),
            busy=sum(report.busy for report in live),
            samples=sum(report.samples for report in every),
            tokens=sum(report.tokens for report in every),
            errors=sum(report.errors for report in every),
            waiting=sum(report.waiting for report in live),
            begun=self._assignment.begun,
            idle=self._stopping and all(report.stopping and not report.busy for report in live),
            refused=self._refused,
            reason=self._reason,
        )
        self._metrics.totals(
            samples=status.samples,
            tokens=status.tokens,
            errors=status.errors,
            ready=status.ready,
            starting=status.starting,
        )
        return status

    def _live(self) -> list[Report]:
        now = time.monotonic()
        return [report for seen, report in self._reports.values() if now - seen < STALE]


def start_telemetry(first: int = 1, run: str = "") -> Any:
    """Start a `Telemetry` as an actor on the driver's own node, and return its Ray handle."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=True)
    return ray.remote(Telemetry).options(num_cpus=0, scheduling_strategy=here).remote(first, run)
