"""Draw the missing samples of a run and commit them: the main job.

The lake decides what is missing, before and after. Units are planned from it, receipts are committed to it every few
seconds, and at the end it is read back. What Ray reports is shown on the screen and decides nothing. Other drivers of
the same run may work at the same time: each draws other units, and waits at the end for what the others have begun.
"""

import math
import threading
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field

from deltalake import DeltaTable

from samples import engines
from samples.errors import LakeError
from samples.ingest.commit import Committer
from samples.ingest.coordination import Coordination
from samples.ingest.job import SamplingJob, calls_at_once, units_of
from samples.ingest.plan import Plan, plan
from samples.ingest.progress import Progress, Summary
from samples.ingest.session import Session, Total, Watch
from samples.lake import mark, patience
from samples.lake.leases import Leases
from samples.lake.tables import Tables
from samples.pipeline.cluster import cluster
from samples.pipeline.metrics import Metrics
from samples.pipeline.resources import Need, has_gpus, require, room
from samples.pipeline.stream import Stream
from samples.runs.record import record
from samples.runs.request import Prepared
from samples.runs.run import Run
from samples_schemas import SAMPLES

_ROUNDS = 3  # so many rounds in a row that add no sample end the run; a lost segment is planned again
_LOOK_SECONDS = 0.5
_FREE_LOOKS = 2  # a unit that another driver gives up for a moment is left to it


def ingest(prepared: Prepared, *, watch: Watch = lambda _: None, stop: threading.Event | None = None) -> Summary:
    """Draw the missing samples of a prepared request, commit them, and return counts.

    Setting `stop` ends the run early: replicas finish the units that they have begun, and begin no other. What they
    finish is committed.

    Raises:
        UsageError: The run's name belongs to another run.
        SamplesError: The model, the lake or Ray failed. What was committed stays.
    """
    watch(Progress("planning"))
    lake = Tables(prepared.request.lake, create=True)
    run = record(lake, prepared)
    return _Ingest(prepared, lake, run, watch, stop or threading.Event()).run_to_end()


@dataclass
class _Ingest:
    """One command."""

    prepared: Prepared
    lake: Tables
    run: Run
    watch: Watch
    stop: threading.Event
    _total: Total = field(default_factory=Total, init=False)
    _ray: bool = field(default=False, init=False)  # whether Ray was started

    def run_to_end(self) -> Summary:
        """Draw in rounds until nothing is missing."""
        committer = Committer(self.lake, self.run)
        leases = Leases(self.lake.place, self.run.run_id)
        todo, snapshot = self._plan()
        already = todo.wanted - todo.missing
        idle = 0
        with ExitStack() as stack:
            stack.callback(_leave, leases)
            while todo.missing and not self.stop.is_set() and idle < _ROUNDS:
                before = todo.missing
                if adopted := committer.adopt(todo):
                    self._total.adopt(adopted)
                else:
                    own, batch = committer.written, self._batch
                    coordination = Coordination(self.lake, self.run, leases, todo, snapshot, own=own, batch=batch)
                    idle += self._round(coordination, committer, stack)
                with patience.of_a_job():
                    todo, snapshot = self._plan()  # the lake, read back, says what is there
                idle = 0 if todo.missing < before else idle
        total = self._total
        return Summary(
            run_id=self.run.run_id,
            name=self.run.name,
            wanted=todo.wanted,
            already=already,
            adopted=total.adopted,
            drawn=total.drawn,
            by_others=todo.wanted - todo.missing - already - total.samples,
            missing=todo.missing,
            beyond=todo.beyond,
            errors=total.errors,
            tokens=total.tokens,
            nonfinite=total.nonfinite,
            heavy_bytes=total.heavy_bytes,
            seconds=total.seconds,
            stopped=self.stop.is_set(),
        )

    @property
    def _batch(self) -> int:
        """The number of units that all replicas together begin at once."""
        request = self.prepared.request
        one_replica = math.ceil(self._largest_batch / request.unit) + 1
        return one_replica * request.pool.largest

    @property
    def _largest_batch(self) -> int:
        """The number of samples that one engine may draw at once."""
        return engines.largest_batch(self.run.engine, self.prepared.request.placement)

    def _plan(self) -> tuple[Plan, DeltaTable | None]:
        """Plan what the lake lacks now. Return the plan, and the snapshot of table samples that it was made from."""
        request, run = self.prepared.request, self.run
        pinned = self.lake.pin([SAMPLES.name])
        ids = self.prepared.prompts["problem_id"].to_pylist()
        todo = plan(pinned, run.dataset, run.run_id, ids, request.k, request.unit)
        return todo, pinned.delta(SAMPLES.name)

    def _round(self, coordination: Coordination, committer: Committer, stack: ExitStack) -> bool:
        """Draw what no other driver draws, then wait for what they draw. Return whether there was something to draw."""
        coordination.look()
        drawing = coordination.has_units
        try:
            if drawing:
                if not self._ray:
                    self.watch(Progress("starting Ray"))
                    stack.enter_context(cluster())
                    self._ray = True
                session = Session(coordination, committer, self._total, self.watch, self.stop, Metrics(self.run.name))
                session.run(self._stream(coordination.units.plan))
        finally:
            coordination.leave()
        self._wait(coordination)
        return drawing

    def _wait(self, coordination: Coordination) -> None:
        """Wait until no live driver draws samples that are missing, or until there are others to draw."""
        units, free = coordination.units, 0
        while (count := units.samples_elsewhere) and free < _FREE_LOOKS and not self.stop.is_set():
            there = units.plan.wanted - units.samples_left
            phase = f"waiting for another driver's {count:,} samples"
            self.watch(Progress(phase, samples=units.plan.wanted, samples_done=there))
            if not self.stop.wait(_LOOK_SECONDS) and coordination.due(0):
                coordination.look(asking=False)
                free = free + 1 if len(units.free) else 0

    def _stream(self, todo: Plan) -> Stream:
        prepared, request = self.prepared, self.prepared.request
        job = SamplingJob(
            lake=self.lake.uri,
            run=self.run,
            revision=prepared.revision,
            sampling=request.sampling,
            placement=request.placement,
            units=units_of(todo),
            prompts=prepared.prompts,
            adapter=prepared.adapter,
            lake_id=mark.lake_id(self.lake.place),
        )
        pool, batch = request.pool, self._largest_batch
        need = Need(gpus=engines.gpus(self.run.engine, request.placement, there=has_gpus()))
        there = room(need)
        if pool.smallest:
            require(need, there)
        replicas = max(1, min(pool.largest, there.ever)) if there.ever else pool.largest
        return Stream(
            job,
            smallest=pool.smallest,
            largest=pool.largest,
            # A node that is busy may only now be freed: by the pool of the round before, for example.
            first=min(there.there, math.ceil(todo.missing / batch)),
            calls=calls_at_once(batch, todo, replicas),
            need=need,
            assigned=True,
            run=self.run.name,
        )


def _leave(leases: Leases) -> None:
    with suppress(LakeError):
        leases.release()
