"""Sampling as a job of the pipeline: a replica holds one engine, draws units and writes their segments.

A request that fails becomes a row with its error. Readers see nothing of a unit before the driver commits its receipt.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa

from samples import engines
from samples.engines import Completion, Engine, Placement, Sampling
from samples.engines.adapters import Adapter
from samples.ingest import segment
from samples.lake import mark, patience
from samples.lake.storage import locate
from samples.lake.tables import Tables
from samples.pipeline.job import Done
from samples.runs.run import Run, seed_of
from samples.units.engine import Model, answered
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
        return Sampler(self, lake, engine)


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
        drawn, prompt_ids = self._unit(unit)
        seeds = self._seeds(drawn)

        def seen(completion: Completion) -> None:
            done(len(completion.token_ids), completion.error is not None)

        def draw() -> Receipt:
            completions = answered(
                lambda: self.engine.sample(prompt_ids, seeds, seen),
                lambda reason: [Completion.failed(reason)] * len(seeds),
            )
            return self._write(drawn, completions)

        return written(str(drawn), draw)

    def fail(self, unit: int, why: str, done: Done) -> Receipt | GivenBack:
        """Write a segment of failed completions; see `samples.pipeline.job.Assigned`."""
        drawn, _ = self._unit(unit)
        for _ in range(self.size(unit)):
            done(0, True)
        return written(str(drawn), lambda: self._write(drawn, [Completion.failed(why)] * self.size(unit)))

    def _unit(self, unit: int) -> tuple[Unit, list[int]]:
        """Return a unit with its prompt's tokens."""
        row, start, stop = (self.job.units[name][unit].as_py() for name in ("problem", "start", "stop"))
        prompts = self.job.prompts
        return Unit(prompts["problem_id"][row].as_py(), start, stop), prompts["token_ids"][row].as_py()

    def _seeds(self, unit: Unit) -> list[int]:
        run = self.job.run.run_id
        return [seed_of(run, unit.problem_id, index) for index in range(unit.start, unit.stop)]

    def _write(self, unit: Unit, completions: list[Completion]) -> Receipt:
        by, vocabulary = self.drawn_by, self.engine.vocabulary
        with patience.of_a_job():
            return segment.write(self.lake, self.job.run, unit, self._seeds(unit), completions, by, vocabulary)


def units_of(plan: Plan) -> pa.Table:
    """Return a plan's units as the table that a job carries."""
    return pa.table({"problem": plan.problem, "start": plan.start, "stop": plan.stop})
