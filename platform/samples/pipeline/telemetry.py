"""Replicas report their progress here. The lake decides what is done.

One small Ray actor runs beside the driver. Replicas report to it about once a second, and its answer says whether to
begin another unit. The driver reads it for the progress line. It notices replicas that died or are silent
(`samples.pipeline.health`). For a job that shares its units with other drivers it assigns them
(`samples.pipeline.assignment`, `tries`). When it is gone, the driver ends the job: what is committed stays.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from samples.pipeline import health
from samples.pipeline.assignment import LATER, Assignment
from samples.pipeline.health import Health, Report
from samples.pipeline.metrics import Metrics
from samples.pipeline.process import limit_exit
from samples.pipeline.slow import Slow, slowest
from samples.pipeline.tries import Tries, Try

_REFUSALS = 3  # so many replicas in a row that cannot start end the job; while others work, so many:
_REFUSALS_BESIDE = 10
_GIVEN_UP = 3  # so many units in a row that kill every engine end the job: the engine dies of whatever it is given


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
    news: str = ""  # what became of a replica that died or was silent, for a minute
    slow: Slow | None = None
    fatal: str = ""  # why the job must end


class Telemetry:
    """The class of the actor that `start_telemetry` makes."""

    def __init__(self, first: int = 1, run: str = "", silence: float = health.SILENCE_SECONDS) -> None:
        """Expect `first` replicas to start at the beginning. `run` tags the metrics. See `Health` for `silence`."""
        limit_exit()
        self._first = first
        self._metrics = Metrics(run)
        self._health = Health(silence)
        self._stopping = False
        self._assignment, self._tries = Assignment(), Tries()
        self._given_up: set[int] = set()  # units since the last one that was finished
        self._finished = 0  # units, when the last one was given up
        self._refused = self._in_a_row = 0
        self._reason = self._fatal = ""
        self._worked = False  # whether a replica was ever ready
        self._first_seen: dict[str, int] = {}  # how many could not start before a replica's first report

    def report(self, report: Report) -> bool:
        """Record a replica's report. Return whether it should stop taking units."""
        before = self._health.last(report.replica)
        after = self._first_seen.setdefault(report.replica, self._refused)
        died = self._health.see(report)
        if died and died.process and self._health.is_gone(died.process):
            self._tries.excuse(died.replica)
        if report.ready and not (before and before.ready):
            self._in_a_row, self._worked = 0, True
            if after == self._refused:  # it began after the last one that could not: the reason has passed
                self._reason = ""
        return self._stopping

    def _mourn(self, died: Report, said: str) -> None:
        """Take note of a replica that died, and of what is said of it. One that was not ready could not start."""
        if died.ready:
            return
        self._refused += 1
        self._in_a_row += 1
        self._reason = said
        if self._in_a_row >= (_REFUSALS_BESIDE if self._others(died.replica) else _REFUSALS):
            self._fatal = f"{self._in_a_row} replicas in a row could not start; the last: {said}"

    def refuse(self, replica: str, reason: str) -> int:
        """Record that a replica cannot start. Return how many in a row could not; 0 if that ends the job.

        A single replica that never worked ends it. Otherwise one bad machine ends nothing. The reason may pass, too:
        memory that is not yet free, a hub that is busy.
        """
        self._health.leave(replica)
        self._refused += 1
        self._in_a_row += 1
        self._reason = reason
        most = _REFUSALS_BESIDE if self._others(replica) else _REFUSALS if self._worked or self._first > 1 else 1
        return 0 if self._stopping or self._in_a_row >= most else self._in_a_row

    def _others(self, replica: str) -> bool:
        """Whether other replicas are ready."""
        return any(report.ready for report in self._health.live if report.replica != replica)

    def vouch(self) -> None:
        """Record that a replica of an earlier stream of this command was ready: what cannot start now may pass."""
        self._worked = True

    def stop(self) -> None:
        """Tell every replica to take no further unit."""
        self._stopping = True

    def offer(self, units: Sequence[int], more: bool, known: int) -> list[int]:
        """Offer units to the replicas, see `Assignment.offer`."""
        return self._assignment.offer(units, more=more, known=known)

    def begin(self, call: int, replica: str) -> Try | int | None:
        """Return the unit that a replica's call begins and how it is tried, `LATER` or None; see `Assignment.begin`."""
        unit = self._assignment.begin(call)
        if unit is None or unit == LATER:
            return unit
        tried = self._tries.begin(unit, replica)
        if tried.given_up:
            finished = sum(report.finished for report in self._health.every)
            if finished != self._finished:
                self._given_up.clear()
            self._finished = finished
            self._given_up.add(unit)  # its errors may be written by a second call, if the first one's replica dies
        return tried

    def works(self, unit: int, replica: str) -> None:
        """Record that a replica works on a unit that had to wait, see `Tries.works`."""
        self._tries.works(unit, replica)

    def finish(self, unit: int, replica: str) -> None:
        """Record that a replica finished a unit that had to wait, see `Tries.finish`."""
        self._tries.finish(unit, replica)
        self._given_up.clear()

    def last_words(self) -> str | None:
        """Return what the replica that died last said last, "" if nothing; None while it is being read."""
        return self._health.last_words

    def read(self) -> Status:
        """Return the sum over all replicas."""
        for replica in self._health.gone():
            self._tries.excuse(replica)
        for died, said in self._health.look():
            self._mourn(died, said)
        if len(self._given_up) >= _GIVEN_UP and (words := self._health.last_words) is not None:
            self._fatal = f"replicas die of every unit that they are given: {words or 'they say nothing'}"
        live, every = self._health.live, self._health.every
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
            news=self._health.news,
            slow=slowest(live, every),
            fatal=self._fatal,
        )
        self._metrics.totals(
            samples=status.samples,
            tokens=status.tokens,
            errors=status.errors,
            ready=status.ready,
            starting=status.starting,
        )
        return status


def start_telemetry(first: int = 1, run: str = "") -> Any:
    """Start a `Telemetry` as an actor on the driver's own node, and return its Ray handle."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    # Not soft: of actors that hold no core Ray takes that as no wish at all, and places them on any node.
    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    options = {"num_cpus": 0, "scheduling_strategy": here}
    return ray.remote(Telemetry).options(**options).remote(first, run, health.SILENCE_SECONDS)
