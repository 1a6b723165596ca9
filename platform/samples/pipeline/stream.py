"""Units through Ray Data: a stream of numbers into an autoscaled pool of replicas, a stream of receipts out.

Ray moves unit numbers and receipts, never tokens. The stream's only state is which units have come back; what is
done is decided by the lake. A local Ray is started when RAY_ADDRESS names no cluster, and ended with the stream.
"""

import logging
import math
import os
import pickle
import socket
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from samples import board as boards
from samples.engines import SEQUENCES
from samples.errors import MissingExtra, SamplesError
from samples.plan import CELL, Plan
from samples.replica import Job, Replica, Work
from samples.segment import Receipt

_AHEAD = 8  # batches in a replica's hands: a unit is held until its longest completion ends, see `samples.room`
_CONNECT_SECONDS = 10.0
_LOOK_SECONDS = 3.0  # Ray may be busy; receipts wait meanwhile
_STARTS = 2  # Ray gives a node 30 s to come up, too little where its agents are imported for the first time
# Ray's banners, usage notes and progress bars would print over ours; its agents may take long on a loaded machine.
_QUIET = {
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_agent_register_timeout_ms": "120000",
}


@dataclass(frozen=True)
class Pool:
    """How many replicas: Ray keeps between `smallest` and `largest`, as many as the work keeps busy."""

    smallest: int = 1
    largest: int = 1


@contextmanager
def cluster() -> Generator[None]:
    """Connect to the Ray that RAY_ADDRESS names, or start one on this machine for as long as the context lasts.

    Raises:
        MissingExtra: Ray is not installed.
        SamplesError: The cluster does not answer.
    """
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    try:
        import ray
    except ImportError as error:
        raise MissingExtra("ingest needs Ray, which is not installed: pip install 'samples[sampling]'") from error
    if ray.is_initialized():  # a caller's own cluster: its to end
        yield
        return
    address = os.environ.get("RAY_ADDRESS")
    _require_listener(address or "")
    for attempt in range(_STARTS):
        try:
            dashboard = None if address else False  # a cluster has, or has not, its own
            ray.init(address=address, log_to_driver=False, logging_level=logging.FATAL, include_dashboard=dashboard)
            break
        except Exception as error:  # Ray raises bare Exceptions for a node that does not come up
            ray.shutdown()
            if address or attempt == _STARTS - 1:
                where = f"RAY_ADDRESS={address}" if address else "on this machine"
                said = next(iter(str(error).splitlines()), type(error).__name__)
                raise SamplesError(f"Ray does not start {where}: {said}") from error
    logging.getLogger("ray").setLevel(logging.FATAL)
    import ray.data  # pyright: ignore[reportUnusedImport]  # it configures loggers of its own

    logging.getLogger("ray.data").setLevel(logging.FATAL)
    try:
        yield
    finally:
        ray.shutdown()


def _require_listener(address: str) -> None:
    """Say at once that nobody listens at HOST:PORT; Ray itself would wait for minutes."""
    host, separator, port = address.rpartition("/")[2].rpartition(":")
    if not separator or not port.isdigit():
        return  # "auto" and the like: Ray's to find
    try:
        socket.create_connection((host.strip("[]"), int(port)), _CONNECT_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise SamplesError(f"no Ray cluster answers at RAY_ADDRESS={address} ({error})") from error


class Stream:
    """One run of a plan through the pool. Iterate for receipts; `stop` ends it early in good order, `close` at once."""

    def __init__(self, job: Job, plan: Plan, prompts: pa.Table, pool: Pool) -> None:
        """Prepare; nothing starts before iteration. `prompts` has the plan's problems in the plan's order."""
        import ray

        self._job, self._plan, self._pool = job, plan, pool
        units = pa.table({"problem": plan.problem, "start": plan.start, "stop": plan.stop})
        # In a list, because Ray would resolve a bare reference before the actor is made, once per actor.
        self._work = [ray.put(Work(units, prompts))]
        self._board = boards.post()
        self._sight = boards.Sight()
        self._closed = False

    def __iter__(self) -> Iterator[Receipt]:
        """Yield receipts as units complete.

        Raises:
            SamplesError: What a replica met that further units would meet too (the model, the lake), or Ray broke.
        """
        for outcome in self._outcomes():
            if isinstance(outcome, SamplesError):
                raise outcome
            if outcome is not None:
                yield outcome
            elif self._closed:
                return  # the units left would come back empty one by one

    def _outcomes(self) -> Iterator[Receipt | SamplesError | None]:
        try:
            for row in self._dataset().iter_rows():
                yield pickle.loads(row["receipt"])  # noqa: S301 - our own replica wrote it
        except Exception as error:  # Ray's own; the last line of its traceback says what it was
            said = str(error).strip().splitlines() or [type(error).__name__]
            raise SamplesError(f"Ray cannot go on: {said[-1]}") from error

    def look(self) -> boards.Sight:
        """Return what the replicas last reported of themselves; telemetry."""
        import ray
        import ray.exceptions

        with suppress(ray.exceptions.RayError):  # the last sight stays: totals never fall
            sight: Any = ray.get(self._board.read.remote(), timeout=_LOOK_SECONDS)
            self._sight = sight
        return self._sight

    def stop(self) -> bool:
        """Let replicas finish the units in their hands and take no other; returns whether they can be told."""
        import ray
        import ray.exceptions

        try:
            ray.get(self._board.stop.remote(), timeout=_LOOK_SECONDS)
        except ray.exceptions.RayError:
            return False
        return True

    def close(self) -> None:
        """Give up what is left: replicas finish what is in their hands; in a caller's own Ray the pool ends then."""
        self._closed = True
        self.stop()

    @property
    def fault(self) -> str | None:
        """What of the Ray started here has ended by itself. Left alone, Ray ends this process without a word."""
        import ray

        node: Any = ray._private.worker._global_node  # noqa: SLF001  # pyright: ignore[reportPrivateUsage, reportPrivateImportUsage, reportAttributeAccessIssue]
        dead = node.dead_processes() if node else []
        return f"Ray's process {dead[0][0]} ended by itself; is memory short?" if dead else None

    def _dataset(self) -> Any:
        import ray
        from ray.data import ActorPoolStrategy, DataContext

        from samples.tickets import Tickets

        context = DataContext.get_current()
        context.enable_progress_bars = False
        context.print_on_execution_start = False
        context.execution_options.preserve_order = False  # receipts as they come; rows carry their keys
        calls = _calls_at_once(self._job, self._plan, self._pool.largest)
        has_gpus = bool(ray.cluster_resources().get("GPU")) and self._job.run.engine != "toy"
        gpus = self._job.placement.tensor_parallel_size if has_gpus else None
        tickets = ray.data.read_datasource(
            Tickets(len(self._plan)), num_cpus=1, num_gpus=gpus, override_num_blocks=len(self._plan)
        )
        # map, not map_batches: Ray asks for a batch size on GPUs, and fuses neither with one.
        return tickets.map(
            Replica,  # pyright: ignore[reportArgumentType]  # a class whose objects are called
            fn_constructor_kwargs={"job": self._job, "work": self._work, "board": self._board},
            compute=ActorPoolStrategy(
                min_size=self._pool.smallest,
                max_size=self._pool.largest,
                max_concurrent_calls_per_actor=calls,
                max_tasks_in_flight_per_actor=2 * calls,  # below 1.75 per call the pool would never grow
                enable_true_multi_threading=True,
            ),
            num_cpus=1,
            num_gpus=gpus,
        )


def _calls_at_once(job: Job, plan: Plan, replicas: int) -> int:
    """Units in a replica's hands: several batches of them, but never so many that other replicas would have none."""
    unit = max(int((plan.stop - plan.start).max()), 1)
    batch = math.ceil((job.placement.max_num_seqs or SEQUENCES) / min(unit, CELL))
    share = len(plan) // (2 * replicas)  # as many again wait at each replica
    return max(1, min(max(batch + 1, min(_AHEAD * batch, share)), len(plan)))
