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
_DEATHS = 3  # replicas that may be lost, beyond the pool's size, between two receipts
_QUIET_LOOKS = 4  # after a stop: looks without a receipt, all replicas idle, after which none is on its way

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
    if todo.missing and not stop.is_set():
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
    _left: dict[str, int] = field(default_factory=dict[str, int], init=False)  # samples to draw, of unfinished problems
    _meter: Meter = field(default_factory=Meter, init=False)
    _failure: BaseException | None = field(default=None, init=False)
    _samples_left: int = field(default=0, init=False)
    _told: bool = field(default=False, init=False)  # replicas know of the stop
    _quiet: int = field(default=0, init=False)  # looks since replicas are idle and nothing came
    _seen: int = field(default=0, init=False)  # replicas that had ever been there when the last receipt came

    def run(self) -> None:
        """Commit receipts as they come until the stream ends; when it breaks, commit what came, then raise."""
        counts = np.bincount(self.plan.problem, self.plan.stop - self.plan.start, len(self.plan.problem_ids))
        self._left = {self.plan.problem_ids[int(row)]: int(counts[row]) for row in np.flatnonzero(counts)}
        self._samples_left = self.plan.missing
        threading.Thread(target=self._listen, daemon=True).start()
        try:
            self._commit_as_they_come()
        finally:
            self.stream.close()
        if self._failure is not None:
            raise self._failure

    def _commit_as_they_come(self) -> None:
        ready: float | None = None  # when the first replica was
        last_commit, wait, ended = time.monotonic(), _COMMIT_SECONDS, False
        while not ended:
            before = len(self._pending)
            ended = self._collect()
            sight = self.stream.look()
            if not ended:
                ended = self._is_over(sight, came=len(self._pending) > before)
            if ready is None and sight.ready:
                ready = time.monotonic()
            if self._pending and (ended or time.monotonic() - last_commit > wait):
                began = time.monotonic()
                self.total.take(self.committer.commit(self._pending))
                self._pending = []
                last_commit = time.monotonic()
                wait = max(_COMMIT_SECONDS, _COMMIT_SHARE * (last_commit - began))
            self._show(sight)
        self.total.seconds += time.monotonic() - ready if ready else 0.0

    def _is_over(self, sight: Sight, *, came: bool) -> bool:
        """Whether no receipt will come although the stream has not ended: it was stopped, or nothing of it lives."""
        if fault := self.stream.fault:
            self._failure = SamplesError(f"{fault} The same command goes on from what is committed")
            return True
        if self.stop.is_set() and not self._told:
            self._told = True
            return not self.stream.stop()
        if came:
            self._seen, self._quiet = sight.seen, 0
        elif sight.seen - self._seen > self.largest + _DEATHS:
            self._failure = SamplesError(_DYING.format(sight.seen - self._seen))
            return True
        elif sight.idle:
            self._quiet += 1
        return self._quiet >= _QUIET_LOOKS

    def _listen(self) -> None:
        try:
            for receipt in self.stream:
                self._arrived.put(receipt)
            self._arrived.put(None)
        except BaseException as error:  # noqa: BLE001 - handed to the driver's thread, which raises it
            self._arrived.put(error)

    def _collect(self) -> bool:
        """Take what arrived, waiting a moment for it; returns whether the stream ended."""
        deadline = time.monotonic() + _LOOK_SECONDS
        while (left := deadline - time.monotonic()) > 0:
            try:
                item = self._arrived.get(timeout=left)
            except queue.Empty:
                return False
            if item is None or isinstance(item, BaseException):
                self._failure = item
                return True
            self._pending.append(item)
            self._samples_left -= item.facts.num_rows
            problem = item.unit.problem_id
            self._left[problem] -= item.facts.num_rows
            if self._left[problem] <= 0:
                del self._left[problem]
        return False

    def _show(self, sight: Sight) -> None:
        samples_rate, tokens_rate = self._meter.see(sight)
        problems = len(self.plan.problem_ids)
        self.watch(
            Progress(
                phase="sampling" if sight.ready else "loading the model" if sight.starting else "waiting for a replica",
                problems=problems,
                problems_done=problems - len(self._left),
                samples=self.plan.wanted,
                # Drawn, as the replicas tell it; committed a little later.
                samples_done=self.plan.wanted - self.plan.missing + min(sight.samples, self.plan.missing),
                tokens=sight.tokens,
                tokens_per_second=tokens_rate,
                replicas=sight.ready,
                replicas_starting=sight.starting,
                errors=sight.errors,
                seconds_left=self._samples_left / samples_rate if samples_rate > 0 else None,
                note=f"finishing {sight.busy} units; Ctrl-C again leaves at once" if self.stop.is_set() else "",
            )
        )


_DYING = (
    "{} replicas died one after another and finished no unit; Ray's log of the last one, in "
    "/tmp/ray/session_latest/logs of its machine, says why"
)
