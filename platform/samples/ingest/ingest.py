"""Draw the missing samples of a run and commit them: the main job.

The lake decides what is missing, before and after. Units are planned from it, receipts are committed to it every few
seconds, and at the end it is read back. What Ray reports is shown on the screen and decides nothing.
"""

import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from samples.engines import has_weights
from samples.errors import StoreAway
from samples.ingest.commit import Committer
from samples.ingest.job import GivenBack, SamplingJob, calls_at_once, units_of
from samples.ingest.plan import Plan, plan
from samples.ingest.progress import Meter, Progress, Summary
from samples.ingest.segment import Receipt
from samples.lake import patience
from samples.lake.pace import Pace
from samples.lake.tables import Tables
from samples.pipeline.cluster import cluster
from samples.pipeline.progress import Estimate
from samples.pipeline.receipts import looks
from samples.pipeline.stream import Stream
from samples.pipeline.telemetry import Status
from samples.runs.record import record
from samples.runs.request import Prepared
from samples.runs.run import Run

_GIVEN_BACK = 3  # so many units in a row that no replica could write end the run
_ROUNDS = 3  # samples may stay missing after a round (a second driver, a lost segment) and are planned again

Watch = Callable[[Progress], None]


def ingest(prepared: Prepared, *, watch: Watch = lambda _: None, stop: threading.Event | None = None) -> Summary:
    """Draw the missing samples of a prepared request, commit them, and return counts.

    Setting `stop` ends the run early: replicas finish the units that they have begun, and begin no other. What they
    finish is committed.

    Raises:
        UsageError: The run's name belongs to another run.
        SamplesError: The model, the lake or Ray failed. What was committed stays.
    """
    stop = stop or threading.Event()
    request = prepared.request
    watch(Progress("planning"))
    lake = Tables(request.lake, create=True)
    run = record(lake, prepared)
    committer = Committer(lake, run)
    total = _Total()
    todo = _plan(lake, run, prepared)
    already = todo.wanted - todo.missing
    if adopted := committer.adopt(todo):
        total.take(adopted)
        todo = _plan(lake, run, prepared)
    total.adopted = total.samples
    if todo.missing and not stop.is_set():
        watch(Progress("starting Ray"))
        with cluster():
            for _ in range(_ROUNDS):
                if not todo.missing or stop.is_set():
                    break
                _Session(todo, committer, total, watch, stop).run(_stream(prepared, lake, run, todo))
                with patience.of_a_job():
                    todo = _plan(lake, run, prepared)  # the lake, read back, says what is there
    return Summary(
        run_id=run.run_id,
        name=run.name,
        wanted=todo.wanted,
        already=already,
        adopted=total.adopted,
        drawn=total.samples - total.adopted,
        missing=todo.missing,
        beyond=todo.beyond,
        errors=total.errors,
        tokens=total.tokens,
        nonfinite=total.nonfinite,
        heavy_bytes=total.heavy_bytes,
        seconds=total.seconds,
        stopped=stop.is_set(),
    )


def _plan(lake: Tables, run: Run, prepared: Prepared) -> Plan:
    ids = prepared.prompts["problem_id"].to_pylist()
    return plan(lake, run.dataset, run.run_id, ids, prepared.request.k, prepared.request.unit)


def _stream(prepared: Prepared, lake: Tables, run: Run, todo: Plan) -> Stream:
    request = prepared.request
    job = SamplingJob(
        lake=lake.uri,
        run=run,
        revision=prepared.revision,
        sampling=request.sampling,
        placement=request.placement,
        units=units_of(todo),
        prompts=prepared.prompts,
    )
    return Stream(
        job,
        smallest=request.pool.smallest,
        largest=request.pool.largest,
        calls=calls_at_once(request.placement, todo, request.pool.largest),
        gpus=request.placement.tensor_parallel_size if has_weights(run.engine) else 0,
    )


@dataclass
class _Total:
    """What this command has committed so far."""

    adopted: int = 0
    samples: int = 0
    tokens: int = 0
    errors: int = 0
    nonfinite: int = 0
    heavy_bytes: int = 0
    seconds: float = 0.0

    def take(self, receipts: list[Receipt]) -> None:
        for receipt in receipts:
            self.samples += receipt.facts.num_rows
            self.tokens += int(np.sum(receipt.facts["tokens"].to_numpy()))
            self.errors += receipt.facts.num_rows - receipt.facts["error"].null_count
            self.nonfinite += receipt.nonfinite
            self.heavy_bytes += receipt.file.size


@dataclass
class _Session:
    """One stream of units, from its first receipt to its last commit."""

    plan: Plan
    committer: Committer
    total: _Total
    watch: Watch
    stop: threading.Event
    _given_back: int = field(default=0, init=False)  # since the last receipt
    _pending: list[Receipt] = field(default_factory=list[Receipt], init=False)
    _left: dict[str, int] = field(default_factory=dict[str, int], init=False)  # problem -> samples still to draw
    _meter: Meter = field(default_factory=Meter, init=False)
    _estimate: Estimate = field(default_factory=Estimate, init=False)
    _samples_left: int = field(default=0, init=False)

    def run(self, stream: Stream) -> None:
        """Commit receipts as they come until the stream ends. If it breaks, commit what came, then raise."""
        counts = np.bincount(self.plan.problem, self.plan.stop - self.plan.start, len(self.plan.problem_ids))
        self._left = {self.plan.problem_ids[int(row)]: int(counts[row]) for row in np.flatnonzero(counts)}
        self._samples_left = self.plan.missing
        ready: float | None = None  # when the first replica was ready
        pace = Pace()
        with closing(looks(stream, self.stop)) as seen:
            for look in seen:
                if ready is None and look.status.ready:
                    ready = time.monotonic()
                away = self._take(look.receipts)
                if self._pending and (look.last or pace.due):
                    with pace.committing(), patience.of_a_job(partial(self._show, look.status)):
                        self.total.take(self.committer.commit(self._pending))
                    self._pending = []
                if away:
                    raise away
                if look.last:
                    self.total.seconds += time.monotonic() - ready if ready else 0.0
                self._show(look.status)

    def _take(self, receipts: list[Receipt | GivenBack]) -> StoreAway | None:
        """Take what came. Return the error if replicas do nothing but give units back."""
        for receipt in receipts:
            if isinstance(receipt, GivenBack):
                self._given_back += 1
                if self._given_back >= _GIVEN_BACK:
                    return receipt.why
                continue
            self._given_back = 0
            self._pending.append(receipt)
            self._samples_left -= receipt.facts.num_rows
            problem = receipt.unit.problem_id
            self._left[problem] -= receipt.facts.num_rows
            if self._left[problem] <= 0:
                del self._left[problem]
        return None

    def _show(self, status: Status) -> None:
        samples_rate, tokens_rate = self._meter.see(status)
        problems, wanted, missing = len(self.plan.problem_ids), self.plan.wanted, self.plan.missing
        done = wanted - missing + min(status.samples, missing)  # replicas report it; the commit comes a little later
        left = None
        if status.ready or status.tokens:
            left = self._estimate.left(done, wanted, self._samples_left / samples_rate if samples_rate > 0 else None)
        self.watch(
            Progress(
                phase=_phase(status),
                problems=problems,
                problems_done=problems - len(self._left),
                samples=wanted,
                samples_done=done,
                tokens=status.tokens,
                tokens_per_second=tokens_rate,
                replicas=status.ready,
                replicas_starting=status.starting,
                errors=status.errors,
                seconds_left=left,
                note=self._note(status),
            )
        )

    def _note(self, status: Status) -> str:
        if self.stop.is_set():
            return f"finishing {status.busy} units; Ctrl-C again leaves at once"
        replicas = f"{status.waiting} of {status.ready} replicas wait for the store" if status.waiting else ""
        return patience.waiting() or replicas


def _phase(status: Status) -> str:
    if status.ready:
        return "sampling"
    return "loading the model" if status.starting else "waiting for a replica"
