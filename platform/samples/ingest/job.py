"""Sampling as a job of the pipeline: a replica holds one engine, draws units and writes their segments.

A request that fails becomes a row with its error. Readers see nothing of a unit before the driver commits its receipt.
"""

import json
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import pyarrow as pa

from samples import engines
from samples.engines import Completion, Engine, Placement, Sampling
from samples.engines.adapters import Adapter
from samples.ingest import segment
from samples.ingest.draft import Draft
from samples.lake import mark, patience
from samples.lake.storage import locate
from samples.lake.tables import Tables
from samples.pipeline.job import Done
from samples.runs.run import Run, seed_of
from samples.runs.settings import digest
from samples.units.engine import Model, answered
from samples.units.keeper import Keeper
from samples.units.parts import SECONDS, Parts
from samples.units.plan import Plan, Unit
from samples.units.segment import GivenBack, Receipt, written


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
    top_logprobs: int = 0
    keep_after: float = SECONDS  # what is finished of a unit is kept when it is open for so many seconds
    with_parts: frozenset[str] = frozenset()  # digests of the keys of problems that have parts

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
        weights = (run.engine, run.model, self.revision, run.specification["revision"], run.specification["dtype"])
        engine = Model(*weights, self.adapter).load(self.sampling, self.placement, top_logprobs=self.top_logprobs)
        sampler = Sampler(self, lake, engine)
        _ = sampler.keeper, sampler.drawn_by  # many threads use them
        return sampler


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

    @cached_property
    def keeper(self) -> Keeper:
        """What keeps the finished completions of units that are open for long."""
        return Keeper(self.job.keep_after)

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
        draft = self._draft(unit)

        def draw() -> Receipt:
            with self.keeper.of(draft.save):
                self._take_up(draft, done)
                completions = answered(lambda: draft.draw(done), draft.failed, self.keeper.save_all)
            return self._write(draft, completions)

        return written(str(draft.unit), draw)

    def fail(self, unit: int, why: str, done: Done) -> Receipt | GivenBack:
        """Make every sample an error that no part has; see `samples.pipeline.job.Assigned`."""
        draft = self._draft(unit)

        def fail() -> Receipt:
            draft.take_up(done)
            for _ in range(self.size(unit) - draft.kept[0]):
                done(0, True)
            return self._write(draft, draft.failed(why))

        return written(str(draft.unit), fail)

    def _draft(self, unit: int) -> Draft:
        row, start, stop = (self.job.units[name][unit].as_py() for name in ("problem", "start", "stop"))
        prompts, run = self.job.prompts, self.job.run
        drawn = Unit(prompts["problem_id"][row].as_py(), start, stop)
        seeds = [seed_of(run.run_id, drawn.problem_id, index) for index in range(start, stop)]
        made_by = json.dumps({"drawn_by": self.drawn_by, "top_logprobs": self.job.top_logprobs}, sort_keys=True)
        parts = Parts(self.lake.place, run.run_id, drawn, made_by)
        return Draft(self.engine, prompts["token_ids"][row].as_py(), seeds, parts)

    def _take_up(self, draft: Draft, done: Done) -> None:
        """Take what parts have, if there may be some: looking costs a request, which many quick units do not need."""
        if not self.keeper.quick or digest(draft.unit.key) in self.job.with_parts:
            draft.take_up(done)

    def _write(self, draft: Draft, completions: list[Completion]) -> Receipt:
        by, vocabulary = self.drawn_by, self.engine.vocabulary
        with patience.of_a_job():
            receipt = segment.write(self.lake, self.job.run, draft.unit, draft.seeds, completions, by, vocabulary)
        return replace(receipt, kept=draft.kept, parts=tuple(draft.paths))


def units_of(plan: Plan) -> pa.Table:
    """Return a plan's units as the table that a job carries."""
    return pa.table({"problem": plan.problem, "start": plan.start, "stop": plan.stop})
