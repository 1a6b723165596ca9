"""Sampling as a job of the pipeline: a replica holds one engine, draws units and writes their segments.

A request that fails becomes a row with its error. Readers see nothing of a unit before the driver commits its receipt.
"""

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa

from samples import engines
from samples.engines import Completion, Engine, EngineDead, Placement, Sampling
from samples.engines.adapters import Adapter
from samples.engines.identity import require_unchanged
from samples.errors import SamplesError, StoreAway, first_line_and_class
from samples.ingest import segment
from samples.ingest.plan import CELL, Plan, Unit
from samples.ingest.segment import Receipt
from samples.lake import mark, patience
from samples.lake.storage import locate
from samples.lake.tables import Tables
from samples.pipeline.job import Done
from samples.pipeline.resources import held_gpus
from samples.runs.run import Run, seed_of

ATTEMPTS = 3  # if the engine raises this often on a unit, the unit's samples become errors
_AHEAD = 8  # batches that a replica begins: a unit lasts as long as its longest completion, see `pipeline.admission`


@dataclass(frozen=True)
class SamplingJob:
    """All that a replica needs to know about a run. It is the same for every replica.

    `units` has the columns problem (a row of `prompts`), start and stop. `prompts` has problem_id and token_ids.
    """

    lake: str
    run: Run
    revision: str | None
    sampling: Sampling
    placement: Placement
    units: pa.Table
    prompts: pa.Table
    adapter: Adapter | None = None
    lake_id: str | None = None  # of the lake that the driver sees

    def __len__(self) -> int:
        return self.units.num_rows

    def load(self) -> "Sampler":
        """Load the engine with the very weights and in the very dtype that the run's identity holds.

        Raises:
            SamplesError: The lake or the model cannot be opened, or this machine has other weights.
        """
        with patience.of_a_job():
            mark.require_same(locate(self.lake), self.lake_id)
            lake = Tables(self.lake)
        run = self.run
        held = (run.engine, run.model, self.revision, run.specification["revision"])
        require_unchanged(*held)
        if self.adapter:
            self.adapter.require_unchanged()
        model = (run.engine, run.model, self.revision, run.specification["dtype"])
        if (gpus := held_gpus()) is not None:
            engines.require_device(run.engine, gpus)
        engine = engines.load(*model, self.sampling, self.placement, self.adapter)
        try:
            require_unchanged(*held)  # a trainer may have saved its next step meanwhile
        except BaseException:
            engine.close()
            raise
        return Sampler(self, lake, engine)


@dataclass(frozen=True)
class GivenBack:
    """What comes in place of a receipt if a unit was drawn and could not be written. It is planned again."""

    why: StoreAway


@dataclass(frozen=True)
class Sampler:
    """The worker of a replica: draws units with one engine."""

    job: SamplingJob
    lake: Tables
    engine: Engine

    @cached_property
    def drawn_by(self) -> dict[str, Any]:
        """What drew the samples, beside the run's specification: versions of packages, and what the engine settled."""
        return {"versions": engines.versions(self.job.run.engine), **self.engine.settled}

    @property
    def capacity(self) -> int:
        """The number of completions that the engine draws at once."""
        return self.engine.sequences

    def size(self, unit: int) -> int:
        """Return how many samples a unit has."""
        return self.job.units["stop"][unit].as_py() - self.job.units["start"][unit].as_py()

    def work(self, unit: int, done: Done) -> Receipt | GivenBack:
        """Draw one unit and write its segment. Give it back if the store stays away, for other replicas may reach it.

        Raises:
            LakeError: The segment cannot be written, and no other could be.
        """
        row, start, stop = (self.job.units[name][unit].as_py() for name in ("problem", "start", "stop"))
        prompts = self.job.prompts
        drawn = Unit(prompts["problem_id"][row].as_py(), start, stop)
        seeds = [seed_of(self.job.run.run_id, drawn.problem_id, index) for index in range(start, stop)]
        try:
            completions = self._draw(prompts["token_ids"][row].as_py(), seeds, done)
            with patience.of_a_job():
                return segment.write(self.lake, self.job.run, drawn, seeds, completions, self.drawn_by)
        except StoreAway as error:
            return GivenBack(error)
        except SamplesError:
            raise
        except Exception as error:
            where = f"samples {start} to {stop - 1} of problem {drawn.problem_id}"
            raise SamplesError(f"{where}: {first_line_and_class(error)}") from error

    def _draw(self, prompt_ids: list[int], seeds: Sequence[int], done: Done) -> list[Completion]:
        def seen(completion: Completion) -> None:
            done(len(completion.token_ids), completion.error is not None)

        failure = ""
        for _ in range(ATTEMPTS):
            try:
                return self.engine.sample(prompt_ids, list(seeds), seen)
            except EngineDead:
                os._exit(1)  # a dead engine never answers again; Ray starts a new replica
            except Exception as error:  # noqa: BLE001 - engines raise anything; after the last attempt the error is data
                failure = first_line_and_class(error)
        return [Completion.failed(failure)] * len(seeds)


def units_of(plan: Plan) -> pa.Table:
    """Return a plan's units as the table that a job carries."""
    return pa.table({"problem": plan.problem, "start": plan.start, "stop": plan.stop})


def calls_at_once(batch: int, plan: Plan, replicas: int) -> int:
    """Return how many units a replica begins: several batches, but few enough that every replica gets some.

    `batch` is the number of samples that one engine may draw at once. A replica holds back what its own engine has no
    room for, see `pipeline.admission`.
    """
    unit = max(int((plan.stop - plan.start).max()), 1)
    units = math.ceil(batch / min(unit, CELL))
    share = len(plan) // (2 * replicas)  # as many again wait at each replica, so half of an even share
    return max(1, min(max(units + 1, min(_AHEAD * units, share)), len(plan)))
