"""Scoring as a job of the pipeline: a replica holds one engine, scores units and writes their segments.

Each replica first shows that it finds what the scorer's own model stored, see `parity`.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa

from samples import engines
from samples.engines import Engine, Placement, Sampling, Scored
from samples.lake import mark, patience
from samples.lake.storage import locate
from samples.lake.tables import Tables
from samples.pipeline.job import Done
from samples.score import parity, segment
from samples.score.parity import Own, Parity
from samples.score.reading import Reader
from samples.units.engine import Model, answered
from samples.units.plan import Plan, Unit, indices
from samples.units.segment import GivenBack, Receipt, written


@dataclass(frozen=True)
class ScoringJob:
    """All that a replica needs to know about a scoring. It is the same for every replica.

    `units` has the columns problem (a row of `problems`), start, stop and mask. `problems` has run_id, problem_id,
    dataset, token_mode, prompt and token_ids (of the prompt).
    """

    lake: str
    scorer: str
    scorer_id: str
    model: Model
    max_model_len: int | None
    placement: Placement
    units: pa.Table
    problems: pa.Table
    own: tuple[Own, ...] = ()
    allow_mismatch: bool = False
    lake_id: str | None = None  # of the lake that the driver sees
    top_logprobs: int = 0

    def __len__(self) -> int:
        return self.units.num_rows

    def load(self) -> "UnitScorer":
        """Load the engine with the very weights that the scorer's identity holds, and try it on its own samples.

        Raises:
            SamplesError: The lake or the model cannot be opened, or the scorer does not find what its model stored.
        """
        with patience.of_a_job():
            mark.require_same(locate(self.lake), self.lake_id)
            lake = Tables(self.lake)
        model, trusted = self.model, self.placement.trust_remote_code
        tokenizer = engines.tokenizer(model.engine, model.path, model.load_revision, trust_remote_code=trusted)
        limit, top = Sampling(max_model_len=self.max_model_len), self.top_logprobs
        engine = model.load(limit, self.placement, scoring=True, top_logprobs=top)
        try:
            found = parity.check(engine, model.dtype, self.own) if self.own else None
            if found and not self.allow_mismatch:
                parity.require(found, self.scorer)
        except BaseException:
            engine.close()
            raise
        return UnitScorer(self, lake, engine, Reader(lake, tokenizer), found)


@dataclass(frozen=True)
class UnitScorer:
    """The worker of a replica: scores units with one engine."""

    job: ScoringJob
    lake: Tables
    engine: Engine
    reader: Reader
    parity: Parity | None

    @cached_property
    def scored_by(self) -> dict[str, Any]:
        """What scores, beside the scorer's specification: versions of packages, what the engine settled, parity."""
        found = {"parity": self.parity.to_json()} if self.parity else {}
        return {"versions": engines.versions(self.job.model.engine), **self.engine.settled, **found}

    @property
    def capacity(self) -> int:
        """The number of completions that the engine scores at once."""
        return self.engine.sequences

    def size(self, unit: int) -> int:
        """Return how many samples a unit has."""
        return self.job.units["mask"][unit].as_py().bit_count()

    def work(self, unit: int, done: Done) -> Receipt | GivenBack:
        """Score one unit and write its segment. Give it back if the store stays away, for other replicas may reach it.

        Raises:
            LakeError: The samples cannot be read, or the segment cannot be written, and no other could be.
        """
        about, scored, indices = self._unit(unit)

        def score() -> Receipt:
            given = self._given(about, scored, indices)
            return self._write(about, scored, given, self._score(about["token_ids"], given, done))

        return written(str(scored), score)

    def fail(self, unit: int, why: str, done: Done) -> Receipt | GivenBack:
        """Write a segment of failed scores; see `samples.pipeline.job.Assigned`."""
        about, scored, indices = self._unit(unit)

        def fail() -> Receipt:
            given = self._given(about, scored, indices)
            for _ in given:
                done(0, True)
            return self._write(about, scored, given, [Scored.failed(one.error or why) for one in given])

        return written(str(scored), fail)

    def _unit(self, unit: int) -> tuple[dict[str, Any], Unit, list[int]]:
        """Return what is known of a unit's problem, the unit, and its sample indices."""
        row, start, stop, mask = (self.job.units[name][unit].as_py() for name in ("problem", "start", "stop", "mask"))
        about = self.job.problems.slice(row, 1).to_pylist()[0]
        return about, Unit(about["problem_id"], start, stop, about["run_id"]), indices(start, stop, mask).tolist()

    def _given(self, about: dict[str, Any], unit: Unit, indices: list[int]) -> list[segment.Given]:
        with patience.of_a_job():
            return self.reader.given(about["dataset"], unit, indices, about["token_mode"])

    def _write(self, about: dict[str, Any], unit: Unit, given: list[segment.Given], found: list[Scored]) -> Receipt:
        mode = about["token_mode"], about["prompt"]
        by, vocabulary = self.scored_by, self.engine.vocabulary
        with patience.of_a_job():
            return segment.write(self.lake, self.job.scorer_id, unit, mode, given, found, by, vocabulary)

    def _score(self, prompt_ids: list[int], given: list[segment.Given], done: Done) -> list[Scored]:
        asked = [one for one in given if one.error is None]

        def seen(result: Scored) -> None:
            done(result.token_logprobs.size, result.error is not None)

        results = iter(
            answered(
                lambda: self.engine.score(prompt_ids, [one.token_ids for one in asked], seen),
                lambda reason: [Scored.failed(reason)] * len(asked),
            )
        )
        for one in given:
            if one.error is not None:
                done(0, True)
        return [next(results) if one.error is None else Scored.failed(one.error) for one in given]


def units_of(plan: Plan) -> pa.Table:
    """Return a plan's units as the table that a job carries."""
    return pa.table({"problem": plan.problem, "start": plan.start, "stop": plan.stop, "mask": plan.mask})
