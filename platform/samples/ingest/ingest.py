"""Draw the missing samples of a run and commit them: the main job. `samples.units` does the work."""

import threading

from samples.ingest import segment
from samples.ingest.job import SamplingJob, units_of
from samples.ingest.plan import plan
from samples.ingest.progress import Summary
from samples.lake import mark
from samples.lake.tables import Tables
from samples.pipeline.stream import Stream
from samples.runs.record import record
from samples.runs.request import Prepared
from samples.runs.run import Run
from samples.units import parts, pool
from samples.units.driver import Driver, Work
from samples.units.plan import Plan
from samples.units.progress import Progress
from samples.units.session import Watch
from samples_schemas import SAMPLES


def ingest(prepared: Prepared, *, watch: Watch = lambda _: None, stop: threading.Event | None = None) -> Summary:
    """Draw the missing samples of a prepared request, commit them, and return counts.

    Setting `stop` ends the run early: replicas finish the units that they have begun, and begin no other. What they
    finish is committed.

    Raises:
        UsageError: The run's name belongs to another run.
        SamplesError: The model, the lake or Ray failed. What was committed stays.
    """
    watch(Progress("planning"))
    stop = stop or threading.Event()
    lake = Tables(prepared.request.lake, create=True)
    lake.place.require_writable()
    run = record(lake, prepared)
    outcome = Driver(lake, _work(prepared, lake, run), watch, stop).run()
    todo, total = outcome.plan, outcome.total
    return Summary(
        run_id=run.run_id,
        name=run.name,
        wanted=todo.wanted,
        already=outcome.already,
        adopted=total.adopted,
        drawn=total.drawn,
        by_others=outcome.by_others,
        missing=todo.missing,
        beyond=todo.beyond,
        errors=total.errors,
        tokens=total.tokens,
        nonfinite=total.nonfinite,
        heavy_bytes=total.heavy_bytes,
        seconds=total.seconds,
        stopped=stop.is_set(),
    )


def _work(prepared: Prepared, lake: Tables, run: Run) -> Work:
    request = prepared.request
    ids = prepared.prompts["problem_id"].to_pylist()

    def stream(todo: Plan) -> Stream:
        job = SamplingJob(
            lake=lake.uri,
            run=run,
            revision=prepared.revision,
            sampling=request.sampling,
            placement=request.placement,
            units=units_of(todo),
            prompts=prepared.prompts,
            adapter=prepared.adapter,
            lake_id=mark.lake_id(lake.place),
            top_logprobs=request.top_logprobs,
            keep_after=parts.SECONDS,
            with_parts=parts.problems_with_parts(lake.place, run.run_id),
        )
        return pool.stream(job, todo, run.engine, request.placement, request.pool, run.name)

    return Work(
        target=segment.target(run),
        reads=(SAMPLES.name,),
        plan=lambda pinned: plan(pinned, run.dataset, run.run_id, ids, request.k, request.unit),
        stream=stream,
        batch=pool.units_at_once(run.engine, request.placement, request.pool, request.unit),
        doing="sampling",
        name=run.name,
    )
