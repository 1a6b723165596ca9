"""Do a job's missing units, in rounds, until the lake lacks none.

Units are planned from the lake, receipts are committed to it every few seconds, and at the end it is read back. What
Ray reports is shown on the screen and decides nothing. Other drivers of the same job may work at the same time: each
does other units, and waits at the end for what the others have begun.
"""

import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field

from deltalake import DeltaTable

from samples.errors import LakeError
from samples.lake import hidden, patience
from samples.lake.leases import Leases
from samples.lake.tables import Tables
from samples.pipeline.cluster import cluster
from samples.pipeline.metrics import Metrics
from samples.pipeline.stream import TICKETS, Stream
from samples.units.commit import Committer
from samples.units.coordination import Coordination
from samples.units.plan import Plan
from samples.units.progress import Progress, Total
from samples.units.segment import Target
from samples.units.session import Session, Watch

_ROUNDS = 3  # so many rounds in a row that add no sample end the job; a lost segment is planned again
_LOOK_SECONDS = 0.5
_FREE_LOOKS = 2  # a unit that another driver gives up for a moment is left to it


@dataclass(frozen=True)
class Work:
    """What a driver does. `doing` and `name` are for the screen: sampling, and the name of the run.

    `plan` plans what `target` lacks, from a lake in
    which the tables `reads` are pinned. `stream` makes the stream of a plan's units, once Ray is there.
    `batch` is the number of units that all replicas together begin at once.
    """

    target: Target
    reads: tuple[str, ...]
    plan: Callable[[Tables], Plan]
    stream: Callable[[Plan], Stream]
    batch: int
    doing: str
    name: str


@dataclass(frozen=True)
class Outcome:
    """The last plan, the samples that were there at first, and what this command committed."""

    plan: Plan
    already: int
    total: Total

    @property
    def by_others(self) -> int:
        """The number of samples that other drivers added meanwhile."""
        return self.plan.wanted - self.plan.missing - self.already - self.total.samples


@dataclass
class Driver:
    """One command. Setting `stop` ends it early: replicas finish the units that they have begun."""

    lake: Tables
    work: Work
    watch: Watch
    stop: threading.Event
    _total: Total = field(default_factory=Total, init=False)
    _ray: bool = field(default=False, init=False)  # whether Ray was started

    def run(self) -> Outcome:
        """Work until nothing is missing, `stop` is set, or nothing helps.

        Raises:
            UsageError: A run was dropped.
            SamplesError: The model, the lake or Ray failed. What was committed stays.
        """
        target = self.work.target
        committer = Committer(self.lake, target)
        leases = Leases(self.lake.place, target.writer)
        todo, snapshot = self._plan()
        already = todo.wanted - todo.missing
        idle = 0
        with ExitStack() as stack:
            stack.callback(_leave, leases)
            begun = False
            while todo.missing and not self.stop.is_set() and idle < _ROUNDS:
                before = todo.missing
                # A plan of very many units has many streams. Segments are not listed before each, which takes minutes.
                listing, begun = not begun or idle > 0 or len(todo) <= TICKETS, True
                if listing and (adopted := committer.adopt(todo)):
                    self._total.adopt(adopted)
                else:
                    own, batch = committer.written, self.work.batch
                    coordination = Coordination(self.lake, target, leases, todo, snapshot, own=own, batch=batch)
                    idle += self._round(coordination, committer, stack)
                with patience.of_a_job():
                    todo, snapshot = self._plan()  # the lake, read back, says what is there
                idle = 0 if todo.missing < before else idle
        return Outcome(todo, already, self._total)

    def _plan(self) -> tuple[Plan, DeltaTable | None]:
        """Plan what the lake lacks now. Return the plan, and the snapshot of the narrow table beneath it."""
        pinned = self.lake.pin(self.work.reads)
        return self.work.plan(pinned), pinned.delta(self.work.target.narrow.name)

    def _round(self, coordination: Coordination, committer: Committer, stack: ExitStack) -> bool:
        """Do what no other driver does, then wait for what they do. Return whether there was something to do."""
        coordination.look()
        hidden.require_all_shown(self.lake.place, coordination.units.plan.run_ids or [self.work.target.writer])
        working = coordination.has_units
        try:
            if working:
                if not self._ray:
                    self.watch(Progress("starting Ray"))
                    stack.enter_context(cluster())
                    self._ray = True
                work = self.work
                session = Session(
                    coordination, committer, self._total, self.watch, self.stop, Metrics(work.name), work.doing
                )
                stream = work.stream(coordination.units.plan)
                if self._total.drawn:
                    stream.vouch()
                session.run(stream)
        finally:
            coordination.leave()
        self._wait(coordination)
        return working

    def _wait(self, coordination: Coordination) -> None:
        """Wait until no live driver works on samples that are missing, or until there are others to do."""
        units, free = coordination.units, 0
        while (count := units.samples_elsewhere) and free < _FREE_LOOKS and not self.stop.is_set():
            there = units.plan.wanted - units.samples_left
            phase = f"waiting for another driver's {count:,} samples"
            self.watch(Progress(phase, samples=units.plan.wanted, samples_done=there))
            if not self.stop.wait(_LOOK_SECONDS) and coordination.due(0):
                coordination.look(asking=False)
                free = free + 1 if len(units.free) else 0


def _leave(leases: Leases) -> None:
    with suppress(LakeError):
        leases.release()
