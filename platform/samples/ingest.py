"""Sample what is missing of a run and commit it: the main job.

The lake decides what is missing, before and after: units are planned from it, receipts are committed to it every
few seconds, and at the end it is read back. What Ray reports is drawn on the screen and believed by nobody.
"""

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from samples.board import Sight
from samples.commit import Committer
from samples.errors import SamplesError
from samples.lake import Lake
from samples.pipeline import Stream, cluster
from samples.plan import Plan, plan
from samples.progress import Meter, Progress, Summary
from samples.record import record
from samples.replica import Job
from samples.request import Prepared
from samples.run import Run
from samples.segment import Receipt

_COMMIT_SECONDS = 3.0
_COMMIT_SHARE = 20  # a commit's cost grows with the table's files: wait this many times as long before the next
_LOOK_SECONDS = 0.5
_ROUNDS = 3  # a second driver or a lost segment leaves remainders, which are planned again
_DEATHS = 5  # replicas that may be lost, beyond the pool's size, between two receipts

Watch = Callable[[Progress], None]


def ingest(prepared: Prepared, *, watch: Watch = lambda _: None, stop: threading.Event | None = None) -> Summary:
    """Draw the missing samples of a prepared request, commit them, and count what happened.

    Setting `stop` ends the run early: units in the replicas' hands are finished and committed, no other is taken.

    Raises:
        UsageError: The run's name belongs to another run.
        SamplesError: The model, the lake or Ray failed; what was committed stays.
    """
    stop = stop or threading.Event()
    request = prepared.request
    watch(Progress("planning"))
    lake = Lake(request.lake, create=True)
    run = record(lake, prepared)
    committer = Committer(lake, run)
    total = _Total()
    todo = _plan(lake, run, prepared)
    already = todo.wanted - todo.missing
    if adopted := committer.adopt(todo):
        total.take(adopted)
        todo = _plan(lake, run, prepared)
    total.adopted = total.samples
    if todo.missing:
        watch(Progress("starting Ray"))
        with cluster():
            for _ in range(_ROUNDS):
                job = Job(lake.uri, run, prepared.revision, request.dtype, request.sampling, request.placement)
                stream = Stream(job, todo, prepared.prompts, request.pool)
                _Session(stream, todo, committer, total, watch, stop, request.pool.largest).run()
                todo = _plan(lake, run, prepared)  # the lake, read back, says what is there
                if not todo.missing or stop.is_set():
                    break
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


def _plan(lake: Lake, run: Run, prepared: Prepared) -> Plan:
    ids = prepared.prompts["problem_id"].to_pylist()
    return plan(lake, run.dataset, run.run_id, ids, prepared.request.k, prepared.request.unit)


@dataclass
class _Total:
    """What was committed so far by this command."""

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
    """One stream from its first receipt to its last commit."""

    stream: Stream
    plan: Plan
    committer: Committer
    total: _Total
    watch: Watch
    stop: threading.Event
    largest: int
    _arrived: "queue.SimpleQueue[Receipt | BaseException | None]" = field(default_factory=queue.SimpleQueue, init=False)
    _pending: list[Receipt] = field(default_factory=list[Receipt], init=False)
    _left: dict[str, int] = field(default_factory=dict[str, int], init=False)  # samples to draw, by problem

    def run(self) -> None:
        """Commit receipts as they come until the stream ends; commit what came when it breaks."""
        for unit in self.plan:
            self._left[unit.problem_id] = self._left.get(unit.problem_id, 0) + unit.stop - unit.start
        threading.Thread(target=self._listen, daemon=True).start()
        began, last_commit, wait = time.monotonic(), time.monotonic(), _COMMIT_SECONDS
        meter, told, replicas_at_receipt = Meter(), False, 0
        failure: BaseException | None = None
        ended = False
        while not ended:
            before = len(self._pending)
            ended, failure = self._collect()
            if self.stop.is_set() and not told:
                self.stream.stop()
                told = True
            sight = self.stream.look()
            if len(self._pending) > before:
                replicas_at_receipt = sight.seen
            elif sight.seen - replicas_at_receipt > self.largest + _DEATHS:
                failure, ended = SamplesError(_DYING.format(sight.seen - replicas_at_receipt)), True
            if self._pending and (ended or time.monotonic() - last_commit > wait):
                commit_began = time.monotonic()
                self.total.take(self.committer.commit(self._pending))
                self._pending = []
                last_commit = time.monotonic()
                wait = max(_COMMIT_SECONDS, _COMMIT_SHARE * (last_commit - commit_began))
            self._show(sight, meter)
        self.total.seconds += time.monotonic() - began
        if failure is not None:
            raise failure

    def _listen(self) -> None:
        try:
            for receipt in self.stream:
                self._arrived.put(receipt)
            self._arrived.put(None)
        except BaseException as error:  # noqa: BLE001 - handed to the driver's thread, which raises it
            self._arrived.put(error)

    def _collect(self) -> tuple[bool, BaseException | None]:
        """Take what arrived, waiting a moment for it; returns whether the stream ended, and why it broke."""
        deadline = time.monotonic() + _LOOK_SECONDS
        while (left := deadline - time.monotonic()) > 0:
            try:
                item = self._arrived.get(timeout=left)
            except queue.Empty:
                break
            if item is None:
                return True, None
            if isinstance(item, BaseException):
                return True, item
            self._pending.append(item)
            self._left[item.unit.problem_id] -= item.facts.num_rows
        return False, None

    def _show(self, sight: Sight, meter: Meter) -> None:
        samples_rate, tokens_rate = meter.see(sight)
        left = sum(self._left.values())
        unfinished = sum(count > 0 for count in self._left.values())
        problems = len(self.plan.problem_ids)
        self.watch(
            Progress(
                phase="sampling" if sight.ready else "loading the model",
                problems=problems,
                problems_done=problems - unfinished,
                samples=self.plan.wanted,
                samples_done=self.plan.wanted - left,
                tokens=sight.tokens,
                tokens_per_second=tokens_rate,
                replicas=sight.ready,
                replicas_starting=sight.starting,
                errors=sight.errors,
                seconds_left=left / samples_rate if samples_rate > 0 else None,
                note=f"finishing {sight.busy} units; Ctrl-C again leaves at once" if self.stop.is_set() else "",
            )
        )


_DYING = "{} replicas died one after another without finishing a unit; the log of Ray's session (ray_results, /tmp/ray/session_latest/logs) says why"
