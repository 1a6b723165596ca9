"""Scoring without Ray: one worker of the job, called unit by unit."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from samples.api import Lake
from samples.engines import Engine
from samples.ingest.segment import committer
from samples.lake import mark
from samples.score import parity, segment
from samples.score.job import ScoringJob, UnitScorer, units_of
from samples.score.own import own_samples
from samples.score.plan import plan
from samples.score.prepare import Prepared, prepare
from samples.score.reading import Reader
from samples.score.request import ScoreRequest
from samples.score.score import problems_of
from samples.score.scorer import note, register
from samples.units.commit import Committer
from samples.units.plan import Plan


class Scoring:
    """One scoring of a lake, by a toy unless an engine is named. A `loaded` engine is used instead of another one."""

    def __init__(
        self,
        lake: Lake,
        model: str = "toy",
        name: str | None = None,
        engine: str = "toy",
        loaded: Engine | None = None,
        **asked: Any,
    ) -> None:
        request = ScoreRequest(model=model, lake=lake.uri, engine=engine, name=name, **asked)
        self.lake, self.loaded = lake, loaded
        self.prepared: Prepared = prepare(lake, request)
        self.scorer = register(lake, self.prepared.scorer)

    def plan(self) -> Plan:
        return plan(self.lake, self.prepared)

    def worker(self, todo: Plan) -> UnitScorer:
        """Load a replica's worker, with the parity check."""
        request = self.prepared.request
        job = ScoringJob(
            lake=self.lake.uri,
            scorer=self.scorer.name,
            scorer_id=self.scorer.scorer_id,
            model=self.prepared.model,
            max_model_len=request.max_model_len,
            placement=request.placement,
            units=units_of(todo),
            problems=problems_of(self.prepared, todo),
            own=own_samples(self.lake, self.scorer),
            allow_mismatch=request.allow_mismatch,
            lake_id=mark.lake_id(self.lake.place),
            top_logprobs=request.top_logprobs,
        )
        if self.loaded is None:
            return job.load()
        found = parity.check(self.loaded, job.model.dtype, job.own) if job.own else None
        return UnitScorer(job, self.lake, self.loaded, Reader(self.lake, self.prepared.tokenizer), found)

    def committer(self) -> Committer:
        record = segment.target(self.scorer.scorer_id, lambda lake, found: note(lake, self.scorer, found))
        return Committer(self.lake, record)

    def receipts(self, todo: Plan, units: range | None = None) -> list[Any]:
        """Score units, and write their segments. Nothing is committed."""
        worker = self.worker(todo)
        return [worker.work(unit, lambda _tokens, _failed: None) for unit in units or range(len(todo))]

    def run(self) -> list[Any]:
        """Score and commit what is missing; return the receipts that readers see."""
        todo = self.plan()
        return self.committer().commit(self.receipts(todo)) if len(todo) else []

    def rows(self, **wanted: Any) -> list[dict[str, Any]]:
        """Return this scorer's rows of the view scores, in order."""
        query = "SELECT * FROM scores WHERE scorer = $scorer ORDER BY run, problem_id, sample_index"
        rows = self.lake.sql(query.replace("$scorer", f"'{self.scorer.name}'")).dicts()
        return [row for row in rows if all(row[name] == value for name, value in wanted.items())]


@pytest.fixture
def drawn(bench: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    """Draw and commit a run of the three sums into one lake."""

    def draw(name: str = "base", model: str = "toy", k: int = 8, uri: str | None = None) -> Any:
        made = bench(uri or tmp_path / "lake", model=model, name=name, k=k)
        committer(made.lake, made.run).commit([made.draw(unit) for unit in made.plan(k)])
        return made

    return draw


@pytest.fixture
def imported(tmp_path: Path) -> Callable[..., None]:
    """Import texts of the sums' problems into a lake, as a run without tokens."""

    def add(lake: Lake, name: str = "o1", texts: tuple[str, ...] = ("The answer is 5.", "naïve: ½ = 0.5 ✓")) -> None:
        file = tmp_path / f"{name}.jsonl"
        rows = [
            {"problem_id": f"q{n}", "question": f"What is {n} + {n}?", "completion": text}
            for n in range(2)
            for text in texts
        ]
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
        lake.import_file(file, "samples", name=name, dataset="others")

    return add


@pytest.fixture
def score_of() -> Callable[..., Scoring]:
    """Make a `Scoring`."""
    return Scoring
