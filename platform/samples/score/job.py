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
        row, start, stop, mask = (self.job.units[name][unit].as_py() for name in ("problem", "start", "stop", "mask"))
        about = self.job.problems.slice(row, 1).to_pylist()[0]
        scored = Unit(about["problem_id"], start, stop, about["run_id"])
        mode = about["token_mode"], about["prompt"]

        def score() -> Receipt:
            with patience.of_a_job():
                given = self.reader.given(about["dataset"], scored, indices(start, stop, mask).tolist(), mode[0])
            found = self._score(about["token_ids"], given, done)
            with patience.of_a_job():
                by, vocabulary = self.scored_by, self.engine.vocabulary
                return segment.write(self.lake, self.job.scorer_id, scored, mode, given, found, by, vocabulary)

        return written(f"samples {start} to {stop - 1} of problem {scored.problem_id}", score)

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
