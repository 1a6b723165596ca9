"""Send the units of a job through Ray Data: unit numbers go into a pool of replicas, and receipts come out.

Ray moves unit numbers and receipts, never tokens. The stream's only state is which units have come back; the lake
decides what is done.
"""

import pickle
import secrets
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from typing import Any

from samples.errors import SamplesError
from samples.pipeline.cluster import await_readers, end_datasets
from samples.pipeline.health import SILENCE_SECONDS
from samples.pipeline.job import Job
from samples.pipeline.progress import duration
from samples.pipeline.replica import Replica
from samples.pipeline.resources import Need, missing, room
from samples.pipeline.telemetry import Status, start_telemetry

TICKETS = 50_000  # units of one stream: Ray takes 1.2 ms of CPU and 6 KiB for each before it begins the first
_EACH = 16  # times as many units as all replicas do at once, at least: a large pool must not load models for few units
_STATUS_SECONDS = 3.0  # Ray may be busy; receipts wait meanwhile
_SAID_SECONDS = 10.0  # without an answer, before the progress line says so
_LOST_SECONDS = SILENCE_SECONDS  # without one, before the stream ends


class Stream:
    """One job in the pool. Iterate to get receipts; `stop` ends the job in good order, `close` at once."""

    def __init__(
        self,
        job: Job,
        *,
        smallest: int,
        largest: int,
        first: int = 1,
        calls: int = 1,
        need: Need | None = None,
        assigned: bool = False,
        run: str = "",
    ) -> None:
        """Prepare the job. Nothing starts before iteration.

        Ray keeps as many replicas as the work needs, between `smallest` and `largest`, and begins with `first`. Each
        does up to `calls` units at once, and holds `need`. With `assigned`, replicas begin only the units on `offer`,
        and of many only `TICKETS` or so: the rest is for a further stream. `run` names the run in metrics.
        """
        import ray

        self.largest = largest
        self._smallest, self._first = max(1, smallest), min(max(1, smallest, first), largest)
        self._calls, self._need = calls, need or Need()
        self._tickets = min(len(job), max(TICKETS, _EACH * calls * largest)) if assigned else len(job)
        # In a list, because Ray would resolve a bare reference before the actor is made, once per actor.
        self._job = [ray.put(job)]
        self._assigned, self._begun = assigned, 0
        self._telemetry = start_telemetry(self._first, run)
        self._status = Status()
        self._unanswered, self._lost = 0.0, ""  # seconds of calls that got no answer; why there will be none
        self._before: set[threading.Thread] = set()  # the threads of this process before this stream's own
        self._waits = -_STATUS_SECONDS, ""
        self._name = f"samples-{secrets.token_hex(4)}"

    def __iter__(self) -> Iterator[Any]:
        """Yield receipts as units complete.

        Raises:
            SamplesError: A replica failed as further units would too (the model, the lake), or Ray broke.
        """
        with closing(self._outcomes()) as outcomes:
            for outcome in outcomes:
                if isinstance(outcome, SamplesError):
                    raise outcome
                if outcome is not None:
                    yield outcome

    def _outcomes(self) -> Generator[Any]:
        try:
            self._before = set(threading.enumerate())
            # The threads of an iterator that is left open call Ray for ever.
            rows: Any = iter(self._dataset().iter_rows())
            with closing(rows):
                for row in rows:
                    yield pickle.loads(row["receipt"])  # noqa: S301 - our own replica wrote it
        except Exception as error:  # the last line of Ray's traceback names the cause
            said = str(error).strip().splitlines() or [type(error).__name__]
            raise SamplesError(f"Ray failed: {said[-1]}") from error

    def status(self) -> Status:
        """Return what the replicas last reported, for display. Without an answer it is the last one: totals never fall.

        Without the actor that collects reports nobody hands out units, or notices replicas that die. So a stream ends
        when that actor has died, or has not answered for `_LOST_SECONDS`: see `fault`.
        """
        import ray
        import ray.exceptions

        began = time.monotonic()
        try:
            status: Any = ray.get(self._telemetry.read.remote(), timeout=_STATUS_SECONDS)
        except ray.exceptions.RayError as error:
            self._unanswered += time.monotonic() - began
            told = f"Ray has not answered for {duration(self._unanswered)}"
            if isinstance(error, ray.exceptions.ActorDiedError):
                self._lost = "the process that hands out units died; is memory short?"
            elif self._unanswered > _LOST_SECONDS:
                self._lost = f"{told}."
            return replace(self._status, news=told) if self._unanswered > _SAID_SECONDS else self._status
        self._status, self._unanswered = status, 0.0
        return self._status

    def offer(self, units: Sequence[int], *, more: bool) -> list[int] | None:
        """Replace what replicas may begin by these units; `more` says that further ones may follow.

        Return the units that were begun since the last call, or None if that is unknown: Ray is busy or broken.
        """
        import ray
        import ray.exceptions

        try:
            begun: Any = ray.get(self._telemetry.offer.remote(list(units), more, self._begun), timeout=_STATUS_SECONDS)
        except ray.exceptions.RayError:
            return None
        self._begun += len(begun)
        return begun

    def vouch(self) -> None:
        """Say that replicas of an earlier stream of this command worked: a passing failure does not end this one."""
        self._telemetry.vouch.remote()

    def stop(self) -> bool:
        """Let replicas finish their units and begin no other. Return False if they cannot be told."""
        import ray
        import ray.exceptions

        try:
            ray.get(self._telemetry.stop.remote(), timeout=_STATUS_SECONDS)
        except ray.exceptions.GetTimeoutError:
            return True  # Ray is busy: the call waits in the actor, and is done
        except ray.exceptions.RayError:
            return False
        return True

    @property
    def waits_for(self) -> str:
        """What no node has, if no replica can be placed now; "" otherwise."""
        at, said = self._waits
        if time.monotonic() - at > _STATUS_SECONDS:
            with suppress(Exception):  # Ray is busy or broken: what was said last stays
                there = room(self._need)
                said = "" if there.now else missing(self._need, there)
            self._waits = time.monotonic(), said
        return said

    def close(self, reader: threading.Thread) -> None:
        """Give up what is left and end the pool; wait until `reader`, the thread that iterates, has ended."""
        end_datasets(self._name, reader)
        await_readers(self._before)

    @property
    def fault(self) -> str | None:
        """The error if a process that the stream needs has died. Ray would end this process without a message."""
        import ray

        if self._lost:
            return self._lost
        node: Any = ray._private.worker._global_node  # noqa: SLF001  # pyright: ignore[reportPrivateUsage, reportPrivateImportUsage, reportAttributeAccessIssue]
        dead = node.dead_processes() if node else []
        return f"Ray's process {dead[0][0]} died; is memory short?" if dead else None

    def _dataset(self) -> Any:
        import ray
        from ray.data import ActorPoolStrategy, DataContext

        from samples.pipeline.datasource import UnitNumbers

        cpus, gpus = self._need.cpus, self._need.gpus or None
        with DataContext.current(self._context()):
            # Reading and mapping ask for the same, so that Ray Data fuses them and asks once.
            numbers = ray.data.read_datasource(
                UnitNumbers(self._tickets), num_cpus=cpus, num_gpus=gpus, override_num_blocks=self._tickets
            )
            # map, not map_batches: on GPUs Ray wants a batch size for map_batches, and does not fuse it with reading.
            dataset = numbers.map(
                Replica,  # pyright: ignore[reportArgumentType]  # Ray calls the objects of this class
                fn_constructor_kwargs={"job": self._job, "telemetry": self._telemetry, "assigned": self._assigned},
                compute=ActorPoolStrategy(
                    min_size=self._smallest,
                    max_size=self.largest,
                    initial_size=self._first,
                    max_concurrent_calls_per_actor=self._calls,
                    max_tasks_in_flight_per_actor=2 * self._calls,  # below 1.75 per call the pool would never grow
                    enable_true_multi_threading=True,
                ),
                num_cpus=cpus,
                num_gpus=gpus,
            )
        dataset.set_name(self._name)
        return dataset

    def _context(self) -> Any:
        """Return settings of Ray Data for this job alone: a caller's own datasets keep theirs."""
        from ray.data import DataContext, ExecutionResources

        context = DataContext.get_current().copy()
        context.enable_progress_bars = False
        context.print_on_execution_start = False
        context.execution_options.preserve_order = False  # receipts come in any order
        # Ray Data asks an autoscaler for another node whenever its nodes are busy, unless a limit forbids it.
        context.execution_options.resource_limits = ExecutionResources.for_limits(
            cpu=self.largest * self._need.cpus, gpu=self.largest * self._need.gpus
        )
        return context
