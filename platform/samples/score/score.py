"""Score the samples that a scorer has not scored, and commit the scores. `samples.units` does the work."""

import threading
from collections.abc import Collection

import pyarrow as pa

from samples.lake import mark
from samples.lake.tables import Tables
from samples.pipeline.stream import Stream
from samples.score import segment
from samples.score.job import ScoringJob, units_of
from samples.score.own import own_samples
from samples.score.plan import plan, reads
from samples.score.prepare import Prepared
from samples.score.progress import Summary, read_back
from samples.score.scorer import note, register
from samples.units import pool
from samples.units.driver import Driver, Work
from samples.units.plan import Plan
from samples.units.progress import Progress
from samples.units.session import Watch


def score(prepared: Prepared, *, watch: Watch = lambda _: None, stop: threading.Event | None = None) -> Summary:
    """Score what is asked for and not scored yet, commit it, and return counts.

    Setting `stop` ends it early: replicas finish the units that they have begun. What they finish is committed.

    Raises:
        UsageError: The scorer's name belongs to another, or a named run cannot be scored.
        SamplesError: The model, the lake or Ray failed, or the scorer does not find what its own model stored.
    """
    watch(Progress("planning"))
    stop = stop or threading.Event()
    lake = Tables(prepared.request.lake)
    lake.place.require_writable()
    plan(lake, prepared)  # a mistake in what is asked is said before Ray starts
    scorer = prepared.scorer
    outcome = Driver(lake, _work(prepared, lake), watch, stop).run()
    total, todo = outcome.total, outcome.plan
    return Summary(
        scorer_id=scorer.scorer_id,
        name=scorer.name,
        model=scorer.model,
        runs=tuple(one.run.name for one in prepared.how),
        wanted=todo.wanted,
        already=outcome.already,
        adopted=total.adopted,
        scored=total.drawn,
        by_others=outcome.by_others,
        missing=todo.missing,
        tokens=total.tokens,
        nonfinite=total.nonfinite,
        heavy_bytes=total.heavy_bytes,
        seconds=total.seconds,
        stopped=stop.is_set(),
        notes=prepared.notes,
        **read_back(lake, scorer, [one.run for one in prepared.how]),
    )


def _work(prepared: Prepared, lake: Tables) -> Work:
    request, scorer, model = prepared.request, prepared.scorer, prepared.model

    def stream(todo: Plan) -> Stream:
        job = ScoringJob(
            lake=lake.uri,
            scorer=scorer.name,
            scorer_id=scorer.scorer_id,
            model=model,
            max_model_len=request.max_model_len,
            placement=request.placement,
            units=units_of(todo),
            problems=problems_of(prepared, todo),
            own=own_samples(lake, scorer),
            allow_mismatch=request.allow_mismatch,
            lake_id=mark.lake_id(lake.place),
            top_logprobs=request.top_logprobs,
        )
        return pool.stream(job, todo, model.engine, request.placement, request.pool, scorer.name)

    def record(lake: Tables, scored_by: Collection[str]) -> None:
        # With the first scores: a scorer that scores nothing, or is refused, does not bind its name for ever.
        register(lake, scorer)
        note(lake, scorer, scored_by)

    return Work(
        target=segment.target(scorer.scorer_id, record),
        reads=reads(),
        plan=lambda pinned: plan(pinned, prepared),
        stream=stream,
        batch=pool.units_at_once(model.engine, request.placement, request.pool, request.unit),
        doing="scoring",
        name=scorer.name,
    )


def problems_of(prepared: Prepared, todo: Plan) -> pa.Table:
    """Return a row for each problem of a plan: what a replica needs to know of it."""
    how = {one.run.run_id: one for one in prepared.how}
    keys = zip(*(prepared.prompts[name].to_pylist() for name in ("run_id", "problem_id")), strict=True)
    row_of = {key: row for row, key in enumerate(keys)}
    pairs = list(zip(todo.run_ids, todo.problem_ids, strict=True))
    ids = prepared.prompts["token_ids"].take(pa.array([row_of[pair] for pair in pairs], pa.int64()))
    return pa.table(
        {
            "run_id": todo.run_ids,
            "problem_id": todo.problem_ids,
            "dataset": [how[run].run.dataset for run, _ in pairs],
            "token_mode": [how[run].token_mode for run, _ in pairs],
            "prompt": [how[run].prompt for run, _ in pairs],
            "token_ids": ids,
        }
    )
