"""A replica: one Ray actor that holds the worker of a job and does units.

Each call does one unit. Many calls run at once in threads, and each begins when the worker has room for its samples. If
a worker dies, its process ends. Ray then starts a new replica and gives it the unit again.
"""

import os
import pickle
import secrets
import threading
import time
from contextlib import suppress
from typing import Any, cast

from samples.errors import LakeError, ModelError, SamplesError, UsageError, first_line_and_class
from samples.lake import patience
from samples.pipeline.admission import Admission, Company
from samples.pipeline.assignment import LATER
from samples.pipeline.health import Report
from samples.pipeline.job import Assigned, Done, Job, Worker
from samples.pipeline.process import Process, end_own, limit_exit
from samples.pipeline.slow import Times
from samples.pipeline.tries import TRIES, Try

_REPORT_SECONDS = 1.0
_LOADING_SECONDS = 0.2
_LATER_SECONDS = 0.2
_WORDS_TRIES = 10  # times a second to wait for what the last replica said
_PAUSE_SECONDS = 5.0  # before a replica that could not start tries again; each time in a row as much longer


class Replica:
    """The class of the actors in Ray Data's pool."""

    def __init__(self, job: Any, telemetry: Any, *, assigned: bool = False) -> None:
        """Load the worker. `job` is a list of one Ray reference to the `Job`; `telemetry` a handle of `Telemetry`.

        With `assigned`, a call does the unit that it is assigned; otherwise the unit of its own number.

        It raises nothing, because Ray would try to make the actor again for ever, with a traceback each time. An error
        that ends the job is returned once instead, in place of a receipt. After another one the process ends, and Ray
        makes the actor again: on this machine or another.
        """
        import ray

        limit_exit()
        self._id = f"{os.uname().nodename}-{os.getpid()}-{secrets.token_hex(2)}"
        self._telemetry, self._assigned = telemetry, assigned
        self._lock = threading.Lock()
        self._ready, self._stopping = False, False
        self._busy = self._samples = self._tokens = self._errors = 0
        self._process, self._company, self._times = Process.own(), Company(), Times()
        self._admission: Admission | None = None
        self._report()  # first of all: a replica that dies while it loads is counted
        threading.Thread(target=self._keep_reporting, daemon=True).start()
        self._worker: Worker | None = None
        self._refusal: SamplesError | None = None
        try:
            shared: Job = ray.get(job[0])
            if not self._stopping:
                self._worker = shared.load()
                self._admission = Admission(self._worker.capacity)
                if self._stopping:
                    self._admission.close()
        except Exception as error:  # noqa: BLE001 - a worker may raise anything
            self._refusal = _samples_error("a replica cannot start", error)
            self._perhaps_again(self._refusal)
            return
        self._ready = True
        self._report()  # before the first unit, which may be the death of it

    def __call__(self, row: dict[str, Any]) -> dict[str, bytes]:
        """Do one unit and return its receipt, pickled."""
        return {"receipt": pickle.dumps(self._do(int(row["unit"])))}

    def _do(self, call: int) -> Any:
        """Return a unit's receipt, None if there is none for this call, or the error that ends the job."""
        if self._worker is None or self._admission is None:
            return self._refusal
        admission, room = self._admission, self._worker.size(call)
        if not admission.enter(room):
            return None
        tried = self._begin(call) if self._assigned else Try(call)
        unfinished = 0 if tried is None else self._worker.size(tried.unit)
        admission.leave(room - unfinished)
        if tried is None:
            return None

        def done(tokens: int, failed: bool) -> None:
            nonlocal unfinished
            if unfinished:  # a repeated unit holds only the room that its first attempt had left
                unfinished -= 1
                admission.leave(1)
            with self._lock:
                self._samples += 1
                self._tokens += tokens
                self._errors += failed

        with self._lock:
            if self._stopping:
                admission.leave(unfinished)
                return None
            self._busy += 1
        try:
            with self._company.of(tried.company):
                return self._work(self._worker, tried, done)
        except Exception as error:  # noqa: BLE001 - Ray would print a traceback and lose other receipts
            return _samples_error(f"unit {tried.unit}", error)
        finally:
            admission.leave(unfinished)
            with self._lock:
                self._busy -= 1

    def _work(self, worker: Worker, tried: Try, done: Done) -> Any:
        if tried.given_up:
            why = f"{TRIES} replicas died when they did these samples, the last one with nothing else: "
            return cast("Assigned", worker).fail(tried.unit, why + (self._last_words() or "without a word"), done)
        if tried.waits:
            self._tell(self._telemetry.works, tried.unit)
        with self._times.of(tried.unit):
            receipt = worker.work(tried.unit, done)
        if tried.waits:  # before the next suspect begins, which may be the end
            self._tell(self._telemetry.finish, tried.unit)
        return receipt

    def _tell(self, what: Any, unit: int) -> None:
        """Tell a method of the telemetry about a unit. The work goes on without an answer."""
        import ray
        import ray.exceptions

        with suppress(ray.exceptions.RayError):
            ray.get(what.remote(unit, self._id), timeout=10)

    def _last_words(self) -> str:
        """Return what the replica that died last said, as far as it becomes known within seconds."""
        import ray
        import ray.exceptions

        for _ in range(_WORDS_TRIES):
            with suppress(ray.exceptions.RayError):
                words: Any = ray.get(self._telemetry.last_words.remote(), timeout=10)
                if words is not None:
                    return words
            time.sleep(1)
        return ""

    def _perhaps_again(self, refusal: SamplesError) -> None:
        """End the process after a pause, unless the refusal ends the job: nobody else works, or it holds for all."""
        import ray
        import ray.exceptions

        if isinstance(refusal, UsageError | LakeError) and not isinstance(refusal, ModelError):
            return  # it is the same everywhere
        reason = f"{os.uname().nodename}: {refusal}"
        try:
            in_a_row: Any = ray.get(self._telemetry.refuse.remote(self._id, reason), timeout=10)
        except ray.exceptions.RayError:
            return
        until = time.monotonic() + in_a_row * _PAUSE_SECONDS
        while in_a_row and time.monotonic() < until and not self._stopping:
            time.sleep(_REPORT_SECONDS)
        if in_a_row:
            end_own(reason)

    def _begin(self, call: int) -> Try | None:
        """Return the unit that is assigned to a call, None if none is left."""
        import ray
        import ray.exceptions

        while not self._stopping:
            try:
                unit: Any = ray.get(self._telemetry.begin.remote(call, self._id), timeout=10)
            except ray.exceptions.ActorDiedError:
                return None  # the driver ends the stream; a unit that nobody assigned may be another driver's
            except ray.exceptions.RayError:
                time.sleep(_LATER_SECONDS)
                continue
            if unit != LATER:
                return unit
            time.sleep(_LATER_SECONDS)
        return None

    def _keep_reporting(self) -> None:
        while True:
            time.sleep(_REPORT_SECONDS if self._ready else _LOADING_SECONDS)
            self._report()

    def _report(self) -> None:
        import ray
        import ray.exceptions

        with self._lock:  # a replica that knows of the stop and is not busy is never busy again
            totals = self._samples, self._tokens, self._errors
            state = self._id, self._ready, self._stopping, self._busy
        times = self._times.finished, self._times.oldest, self._times.typical
        report = Report(*state, *totals, bool(patience.waiting()), self._process, *times)
        with suppress(ray.exceptions.RayError):  # the work goes on without it
            stopping: Any = ray.get(self._telemetry.report.remote(report), timeout=10)
            self._stopping = stopping
            if stopping and self._admission:
                self._admission.close()


def _samples_error(where: str, error: Exception) -> SamplesError:
    if isinstance(error, SamplesError):
        return error
    return SamplesError(f"{where}: {first_line_and_class(error)}")
