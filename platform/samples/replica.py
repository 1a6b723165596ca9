"""A replica: one Ray actor that holds one engine, samples units and writes their segments.

Each call takes one unit; several calls run at once in threads, so that the engine's batch never drains between
units. A request that fails is a row with its error. A unit whose engine dies ends the process, so that Ray starts a
new replica and gives it the unit again; nothing of a unit is visible before the driver commits it.
"""

import os
import pickle
import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from samples import engines, segment
from samples.board import Report
from samples.engines import Completion, EngineDead, Placement, Sampling
from samples.errors import SamplesError
from samples.lake import Lake
from samples.plan import Unit
from samples.run import Run, seed_of

ATTEMPTS = 3  # at a unit whose engine raises, before its samples become errors
_REPORT_SECONDS = 1.0


@dataclass(frozen=True)
class Job:
    """All that a replica needs to know of a run; the same for every replica."""

    lake: str
    run: Run
    revision: str | None
    dtype: str
    sampling: Sampling
    placement: Placement


@dataclass(frozen=True)
class Work:
    """The units of one ingest and the prompts they need, shared by all replicas through Ray's object store.

    `units` has columns problem (row of `prompts`), start and stop; `prompts` has problem_id and token_ids.
    """

    units: pa.Table
    prompts: pa.Table

    def unit(self, index: int) -> tuple[Unit, list[int]]:
        """Return a unit and its prompt's token ids."""
        row, start, stop = (self.units[name][index].as_py() for name in ("problem", "start", "stop"))
        return Unit(self.prompts["problem_id"][row].as_py(), start, stop), self.prompts["token_ids"][row].as_py()


class Replica:
    """The class that Ray Data's actor pool makes its actors of."""

    def __init__(self, job: Job, work: Any, board: Any) -> None:
        """Load the engine. `work` is a Ray reference to `Work`, `board` a handle of a `Board`."""
        import ray

        self._id = f"{os.uname().nodename}-{os.getpid()}-{secrets.token_hex(2)}"
        self._board = board
        self._lock = threading.Lock()
        self._ready, self._stopping = False, False
        self._busy = self._samples = self._tokens = self._errors = 0
        self._closed = threading.Event()
        threading.Thread(target=self._report, daemon=True).start()
        self._job = job
        self._work: Work = ray.get(work[0])
        self._lake = Lake(job.lake)
        try:
            model = (job.run.engine, job.run.model, job.revision, job.dtype)
            self._engine = engines.load(*model, job.sampling, job.placement)
        except SamplesError as error:
            # Ray would try to make the actor for ever, with a traceback each time: say it once, in place of a receipt.
            self._engine, self._refusal = None, error
        self._ready = True

    def __call__(self, ticket: dict[str, Any]) -> dict[str, bytes]:
        """Sample the unit of a ticket and return its receipt, pickled."""
        return {"receipt": pickle.dumps(self._sample(int(ticket["unit"])))}

    def _sample(self, number: int) -> segment.Receipt | SamplesError | None:
        """Sample one unit: its receipt, None when the user stopped the run, or why the run cannot go on."""
        if self._engine is None:
            return self._refusal
        if self._stopping:
            return None
        unit, prompt_ids = self._work.unit(number)
        seeds = [seed_of(self._job.run.run_id, unit.problem_id, index) for index in range(unit.start, unit.stop)]
        with self._lock:
            self._busy += 1
        try:
            completions = self._draw(prompt_ids, seeds)
            receipt = segment.write(self._lake, self._job.run, unit, seeds, completions)
        except SamplesError as error:
            return error
        finally:
            with self._lock:
                self._busy -= 1
        return receipt

    def _draw(self, prompt_ids: list[int], seeds: Sequence[int]) -> list[Completion]:
        assert self._engine is not None
        failure = ""
        for _ in range(ATTEMPTS):
            try:
                return self._engine.sample(prompt_ids, list(seeds), self._seen)
            except EngineDead:
                os._exit(1)  # Ray starts a new replica; a dead engine answers nobody
            except Exception as error:  # noqa: BLE001 - an engine may raise anything; after the last attempt it is data
                failure = f"{type(error).__name__}: {error}".splitlines()[0]
        return [Completion.failed(failure)] * len(seeds)

    def _seen(self, completion: Completion) -> None:
        with self._lock:
            self._samples += 1
            self._tokens += len(completion.token_ids)
            self._errors += completion.error is not None

    def _report(self) -> None:
        import ray
        import ray.exceptions

        while not self._closed.wait(_REPORT_SECONDS if self._ready else 0.2):
            report = Report(self._id, self._ready, self._busy, self._samples, self._tokens, self._errors)
            try:
                self._stopping = ray.get(self._board.report.remote(report), timeout=10)
            except ray.exceptions.RayError:
                continue  # telemetry: sampling goes on without it
