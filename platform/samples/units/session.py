"""One stream of units, from its first receipt to its last commit."""

import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from textwrap import shorten

from samples.errors import StoreAway
from samples.lake import patience
from samples.lake.pace import Pace
from samples.pipeline.metrics import Metrics
from samples.pipeline.progress import Estimate, duration
from samples.pipeline.receipts import Look, looks
from samples.pipeline.stream import Stream
from samples.pipeline.telemetry import Status
from samples.units.commit import Committer
from samples.units.coordination import Coordination
from samples.units.progress import Meter, Progress, Total
from samples.units.segment import GivenBack, Receipt

_GIVEN_BACK = 3  # so many units in a row that no replica could write end the run, if none could write for long
_LETTERS = 120  # of a reason on the line of progress

Watch = Callable[[Progress], None]


@dataclass
class Session:
    """Does the units that are this driver's, until none is left."""

    coordination: Coordination
    committer: Committer
    total: Total
    watch: Watch
    stop: threading.Event
    metrics: Metrics
    doing: str  # what replicas do, for the progress line
    _given_back: int = field(default=0, init=False)  # since the last receipt
    _received: float = field(default_factory=time.monotonic, init=False)  # when it came
    _returned: int = field(default=0, init=False)  # units
    _pending: list[Receipt] = field(default_factory=list[Receipt], init=False)
    _meter: Meter = field(default_factory=Meter, init=False)
    _estimate: Estimate = field(default_factory=Estimate, init=False)
    _waits_for: Callable[[], str] = field(default=lambda: "", init=False)
    _before: Total = field(default_factory=Total, init=False)  # what earlier streams of this command committed

    def run(self, stream: Stream) -> None:
        """Commit receipts as they come until the stream ends. If it breaks, commit what came, then raise."""
        ready: float | None = None  # when the first replica was ready
        pace = Pace()
        stopped = over = False
        self._waits_for = lambda: stream.waits_for
        self._before = replace(self.total)
        self.coordination.begin(lambda units, more: stream.offer(units, more=more))
        with closing(looks(stream, self.stop)) as seen:
            for look in seen:
                if ready is None and look.status.ready:
                    ready = time.monotonic()
                away = self._take(look.receipts, look.status.ready)
                over = look.last or self._is_over(look)
                if self._pending and (over or pace.due):
                    with pace.committing(), patience.of_a_job(partial(self._show, look.status)):
                        self._commit()
                if away:
                    raise away
                if over:
                    self.total.seconds += time.monotonic() - ready if ready else 0.0
                elif self.coordination.due(look.status.begun) or (self.stop.is_set() and not stopped):
                    stopped = self.stop.is_set()
                    self.coordination.look(asking=not stopped)
                self._show(look.status)
                if over and not look.last:  # after the last look comes the error, if the stream broke
                    break

    def _is_over(self, look: Look) -> bool:
        """Return whether every unit that was begun came back, and Ray has only calls left for which there is none."""
        begun = look.status.begun
        return begun < len(self.coordination.units.plan) and self._returned >= begun and self.coordination.ended(begun)

    def _take(self, receipts: list[Receipt | GivenBack], replicas: int) -> StoreAway | None:
        """Take what came. Return the error if replicas do nothing but give units back.

        One of several replicas may have lost the store alone, and gives many units back at once. The others do them.
        """
        self._returned += len(receipts)
        long = replicas <= 1 or time.monotonic() - self._received > patience.job_seconds()
        for receipt in receipts:
            if isinstance(receipt, GivenBack):
                self._given_back += 1
                if self._given_back >= _GIVEN_BACK and long:
                    return receipt.why
                continue
            self._given_back, self._received = 0, time.monotonic()
            self._pending.append(receipt)
            self.coordination.units.done(receipt.unit)
        return None

    def _commit(self) -> None:
        began = time.monotonic()
        self.total.take(self.committer.commit(self._pending))
        self.metrics.committed(time.monotonic() - began)
        self.metrics.retries(patience.retries())
        for receipt in self._pending:
            self.coordination.units.committed(receipt.unit)
        self._pending = []

    def _show(self, status: Status) -> None:
        units = self.coordination.units
        status = replace(status, samples=status.samples + units.by_others)
        samples_rate, tokens_rate = self._meter.see(status)
        problems, wanted, missing = len(units.plan.problem_ids), units.plan.wanted, units.plan.missing
        done = wanted - missing + min(status.samples, missing)  # replicas report it; the commit comes a little later
        left = None
        if status.ready or status.tokens:
            left = self._estimate.left(done, wanted, units.samples_left / samples_rate if samples_rate > 0 else None)
        self.watch(
            Progress(
                phase=self._phase(status),
                problems=problems,
                problems_done=problems - units.problems_left,
                samples=wanted,
                samples_done=done,
                tokens=self._before.tokens + status.tokens,
                tokens_per_second=tokens_rate,
                replicas=status.ready,
                replicas_starting=status.starting,
                errors=self._before.errors + status.errors,
                seconds_left=left,
                note=self._note(status),
            )
        )

    def _phase(self, status: Status) -> str:
        if status.ready:
            return self.doing
        why = _brief(status.reason or status.news)
        if status.starting:
            return f"loading the model{f' ({why})' if why else ''}"
        return f"waiting for a replica: {why or self._waits_for() or 'Ray starts one'}"

    def _note(self, status: Status) -> str:
        if self.stop.is_set():
            return f"finishing {status.busy} units; Ctrl-C again leaves at once"
        replicas = f"{status.waiting} of {status.ready} replicas wait for the store" if status.waiting else ""
        away = "the store does not answer" if self.coordination.away else ""
        return patience.waiting() or replicas or away or _brief(status.news or status.reason) or self._slow(status)

    def _slow(self, status: Status) -> str:
        if not (slow := status.slow):
            return ""
        unit = self.coordination.units.plan[slow.unit]
        return f"{unit}: at work for {duration(slow.seconds)}, others took {duration(slow.typical)}"


def _brief(reason: str) -> str:
    """Return the beginning of a reason, for a line that is written again and again. An error that ends all is whole."""
    return shorten(reason, _LETTERS, placeholder=" …")
