"""A replica: one Ray actor that holds one engine, samples units and writes their segments.

Each call takes one unit; many calls run at once in threads, and begin as the engine's batch has room for them. A
request that fails is a row with its error. A unit whose engine dies ends the process, so that Ray starts a
new replica and gives it the unit again; nothing of a unit is visible before the driver commits it.
"""

import os
import pickle
import secrets
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from samples import engines, segment
from samples.board import Report
from samples.engines import Completion, EngineDead, Placement, Sampling
from samples.errors import SamplesError
from samples.lake import Lake
from samples.plan import Unit
from samples.room import Room
from samples.run import Run, seed_of

ATTEMPTS = 3  # at a unit whose engine raises, before its samples become errors
_REPORT_SECONDS = 1.0
_LOADING_SECONDS = 0.2


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
        """Load the engine. `work` is a Ray reference to `Work`, `board` a handle of a `Board`.

        Nothing is raised: Ray would try to make the actor for ever, with a traceback each time. What is wrong is said
        once, in place of a receipt.
        """
        import ray

        self._id = f"{os.uname().nodename}-{os.getpid()}-{secrets.token_hex(2)}"
        self._board = board
        self._lock = threading.Lock()
        self._ready, self._stopping = False, False
        self._busy = self._samples = self._tokens = self._errors = 0
        self._report()  # first of all: a replica that dies while it loads is counted
        threading.Thread(target=self._keep_reporting, daemon=True).start()
        self._job = job
        self._engine: engines.Engine | None = None
        self._room = Room(engines.SEQUENCES)
        self._refusal: SamplesError | None = None
        try:
            self._work: Work = ray.get(work[0])
            self._lake = Lake(job.lake)
            if not self._stopping:
                model = (job.run.engine, job.run.model, job.revision, job.dtype)
                self._engine = engines.load(*model, job.sampling, job.placement)
                self._room = Room(self._engine.sequences)
        except Exception as error:  # noqa: BLE001 - an engine may raise anything
            self._refusal = _told("a replica cannot start", error)
        self._ready = True

    def __call__(self, ticket: dict[str, Any]) -> dict[str, bytes]:
        """Sample the unit of a ticket and return its receipt, pickled."""
        return {"receipt": pickle.dumps(self._sample(int(ticket["unit"])))}

    def _sample(self, number: int) -> segment.Receipt | SamplesError | None:
        """Sample one unit: its receipt, None when the user stopped the run, or why the run cannot go on."""
        if self._engine is None:
            return self._refusal
        unit, prompt_ids = self._work.unit(number)
        seeds = [seed_of(self._job.run.run_id, unit.problem_id, index) for index in range(unit.start, unit.stop)]
        if not self._room.enter(len(seeds)):
            return None
        unfinished = len(seeds)

        def seen(completion: Completion) -> None:
            nonlocal unfinished
            if unfinished:  # a unit that is drawn again keeps no more room than its first attempt left
                unfinished -= 1
                self._room.leave(1)
            self._seen(completion)

        with self._lock:
            if self._stopping:
                self._room.leave(unfinished)
                return None
            self._busy += 1
        try:
            completions = self._draw(self._engine, prompt_ids, seeds, seen)
            return segment.write(self._lake, self._job.run, unit, seeds, completions)
        except Exception as error:  # noqa: BLE001 - Ray would print a traceback and forget what else was drawn
            return _told(f"samples {unit.start} to {unit.stop - 1} of problem {unit.problem_id}", error)
        finally:
            self._room.leave(unfinished)
            with self._lock:
                self._busy -= 1

    def _draw(
        self, engine: engines.Engine, prompt_ids: list[int], seeds: Sequence[int], seen: engines.Seen
    ) -> list[Completion]:
        failure = ""
        for _ in range(ATTEMPTS):
            try:
                return engine.sample(prompt_ids, list(seeds), seen)
            except EngineDead:
                os._exit(1)  # Ray starts a new replica; a dead engine answers nobody
            except Exception as error:  # noqa: BLE001 - an engine may raise anything; after the last attempt it is data
                failure = _line(error)
        return [Completion.failed(failure)] * len(seeds)

    def _seen(self, completion: Completion) -> None:
        with self._lock:
            self._samples += 1
            self._tokens += len(completion.token_ids)
            self._errors += completion.error is not None

    def _keep_reporting(self) -> None:
        while True:
            time.sleep(_REPORT_SECONDS if self._ready else _LOADING_SECONDS)
            self._report()

    def _report(self) -> None:
        import ray
        import ray.exceptions

        with self._lock:  # one that knows of the stop and is not busy never will be again
            totals = self._samples, self._tokens, self._errors
            report = Report(self._id, self._ready, self._stopping, self._busy, *totals)
        with suppress(ray.exceptions.RayError):  # telemetry: sampling goes on without it
            stopping: Any = ray.get(self._board.report.remote(report), timeout=10)
            self._stopping = stopping
            if stopping:
                self._room.close()


def _told(where: str, error: Exception) -> SamplesError:
    return error if isinstance(error, SamplesError) else SamplesError(f"{where}: {_line(error)}")


def _line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0]
