"""Say what a long command did: lines for people, and fields for machines."""

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from samples.files.values import short_json

if TYPE_CHECKING:  # they import the whole lake
    from samples.exchange.export import Summary as Exported
    from samples.exchange.imports.load import Summary as Imported
    from samples.ingest.progress import Summary as Ingested
    from samples.problems.problems import ProblemSet
    from samples.rescore.rescore import Summary as Rescored
    from samples.runs.request import Prepared
    from samples.score.prepare import Prepared as ToScore
    from samples.score.progress import Summary as Scored
    from samples.units.plan import Plan


_SHOWN = 200  # characters of a value
_RUNS = 6  # names of runs in a line


def opening(prepared: "Prepared") -> str:
    """Say what an ingest is about to draw."""
    run, count = prepared.run, len(prepared.problems.problems)
    chosen = ", ".join(f"{role} from {name}" for role, name in prepared.problems.fields.items())
    dropped = prepared.problems.dropped
    repeated = f", {dropped:,} repeated ones left out" if dropped else ""
    return f"{count:,} problems of {run.dataset} ({chosen}{repeated}); run {run.name} ({run.run_id})"


def plan(prepared: "Prepared", tokens_per_second: float | None = None) -> Iterator[str]:
    """Say what an ingest would draw, and show the first problem and its prompt."""
    from samples.api import Lake
    from samples.errors import NotFound
    from samples.ingest.estimate import estimate
    from samples.ingest.plan import plan as planned
    from samples.runs.run import recorded

    request, run = prepared.request, prepared.run
    ids = prepared.prompts["problem_id"].to_pylist()
    lake = None
    try:
        lake = Lake(request.lake)
        recorded(lake, run)  # a name that ingest would refuse is refused here
        todo = planned(lake, run.dataset, run.run_id, ids, request.k, request.unit)
        units, missing, wanted = len(todo), todo.missing, todo.wanted
    except NotFound:  # ingest would make the lake
        wanted = missing = len(ids) * request.k
        units = len(ids) * -(-request.k // request.unit)
    yield opening(prepared)
    yield from (f"note: {note}" for note in prepared.notes)
    yield f"{wanted:,} samples wanted, {wanted - missing:,} already there, {missing:,} to draw in {units:,} units"
    yield str(estimate(lake, prepared, missing, units, tokens_per_second))
    yield from first_problem(prepared.problems)
    tokens = len(prepared.prompts["token_ids"][0])
    yield f"\nfirst prompt (problem {ids[0]}, {tokens} tokens):\n{prepared.prompts['text'][0]}"


def first_problem(problems: "ProblemSet") -> Iterator[str]:
    """Show the first problem as it will be used, and name the fields that nothing was made of."""
    problem = problems.problems[0]
    yield f"\nfirst problem (id {problem.problem_id})"
    yield f"question: {problem.question}"
    accepted = [short_json(answer, _SHOWN) for answer in problem.accepted]
    yield f"accepted answers: {' or '.join(accepted)}" if len(accepted) > 1 else f"answer: {problem.answer or 'none'}"
    yield f"tests: {_shortened(problem.tests)}"
    kept = {
        name: value if len(short_json(value, _SHOWN)) < _SHOWN else short_json(value, _SHOWN)
        for name, value in problem.metadata.items()
    }
    yield f"metadata: {json.dumps(kept, ensure_ascii=False)}"
    unused = ", ".join(problems.unused) or "none"
    yield f"fields of the file that are kept as metadata and used for nothing: {unused}"


def _shortened(tests: str | None) -> str:
    if tests is None:
        return "none"
    return tests if len(tests) <= _SHOWN else f"{tests[:_SHOWN]}… ({len(tests):,} characters)"


def ingested(summary: "Ingested", k: int) -> Iterator[str]:
    """Say what an ingest did."""
    from samples.pipeline.progress import duration

    there = summary.wanted - summary.missing
    yield f"run {summary.name} ({summary.run_id}): {there:,} of {summary.wanted:,} samples are there"
    if summary.adopted:
        yield f"adopted {summary.adopted:,} samples that were drawn before and not committed"
    if summary.drawn:
        yield (
            f"drew {summary.drawn:,} samples, {summary.tokens:,} tokens in {duration(summary.seconds)} "
            f"({summary.tokens_per_second:,.0f} tokens/s), {summary.bytes_per_token:.1f} bytes per token on disk, "
            f"{summary.errors:,} errors"
        )
    if summary.by_others:
        yield f"other drivers of this run added {summary.by_others:,} samples meanwhile"
    if summary.already == summary.wanted:
        yield "nothing to sample: all samples were there already"
    if summary.nonfinite:
        yield f"{summary.nonfinite:,} token log-probs are NaN or infinite; they are stored as they are"
    if summary.beyond:
        yield f"{summary.beyond:,} samples beyond --k {k} are there too; nothing is deleted"
    if summary.missing:
        yield f"{summary.missing:,} samples are missing: the same command goes on from here"


def ingest_fields(summary: "Ingested") -> dict[str, Any]:
    """Return what an ingest did, as the fields of an event."""
    counts = ("wanted", "already", "adopted", "drawn", "by_others", "missing", "beyond", "errors", "tokens", "seconds")
    named = {"command": "ingest", "run": summary.name, "run_id": summary.run_id}
    return named | {name: getattr(summary, name) for name in (*counts, "stopped")}


def scoring(prepared: "ToScore") -> Iterator[str]:
    """Say what a scoring is about to score, and how."""
    from samples.score.request import IDS

    scorer = prepared.scorer
    ways: dict[str, list[str]] = {}
    for one in prepared.how:
        way = f"{'token ids as they were drawn' if one.token_mode == IDS else 'text'}, after "
        way += "the run's prompt" if one.prompt == "run" else "a prompt of the scorer's template"
        ways.setdefault(way, []).append(one.run.name)
    yield f"scorer {scorer.name} ({scorer.scorer_id}): {scorer.specification['model']}, {scorer.specification['dtype']}"
    for way, runs in ways.items():
        yield f"{', '.join(runs[:_RUNS])}{f' and {len(runs) - _RUNS} more' if len(runs) > _RUNS else ''}: {way}"
    yield from (f"note: {note}" for note in prepared.notes)


def to_score(plan: "Plan") -> str:
    """Say how much a scoring would score."""
    there = plan.wanted - plan.missing
    return f"{plan.wanted:,} samples wanted, {there:,} already scored, {plan.missing:,} to score in {len(plan):,} units"


def scored(summary: "Scored") -> Iterator[str]:
    """Say what a scoring did."""
    from samples.pipeline.progress import duration

    there = summary.wanted - summary.missing
    yield f"scorer {summary.name} ({summary.scorer_id}): {there:,} of {summary.wanted:,} samples are scored"
    if summary.adopted:
        yield f"adopted {summary.adopted:,} scores that an earlier command had made and not committed"
    if summary.scored:
        yield (
            f"scored {summary.scored:,} samples, {summary.tokens:,} tokens in {duration(summary.seconds)} "
            f"({summary.tokens_per_second:,.0f} tokens/s), {summary.bytes_per_token:.1f} bytes per token on disk"
        )
    if summary.by_others:
        yield f"other drivers of this scorer added {summary.by_others:,} samples meanwhile"
    if summary.already == summary.wanted:
        why = "all samples were scored already" if summary.wanted else "the lake has no sample of what was asked for"
        yield f"nothing to score: {why}"
    if summary.errors:
        reasons = "; ".join(summary.reasons)
        yield f"{summary.errors:,} samples could not be scored, and no statistic counts them: {reasons}"
    if summary.nonfinite:
        yield f"{summary.nonfinite:,} token log-probs are NaN or infinite; they are stored as they are"
    if summary.retokenized:
        yield f"{summary.retokenized:,} of {summary.text:,} texts become other tokens than their run drew"
    yield from _parity(summary)
    if summary.missing:
        yield f"{summary.missing:,} samples are missing: the same command goes on from here"


def _parity(summary: "Scored") -> Iterator[str]:
    if summary.parity:
        yield f"parity: {summary.parity}"
    elif summary.scored:
        yield (
            "parity was not checked: the lake has no sample that this model drew with raw log-probs. To check it, draw "
            f"some (samples ingest PROBLEMS --model {shlex.quote(summary.model)} -k 8), then score them too"
        )
    elif summary.ids or summary.text:
        yield "parity was not checked when these samples were scored"


def score_fields(summary: "Scored") -> dict[str, Any]:
    """Return what a scoring did, as the fields of an event."""
    counts = ("wanted", "already", "adopted", "scored", "by_others", "missing", "errors", "tokens", "seconds")
    more = ("ids", "text", "retokenized", "reasons", "parity", "notes", "stopped")
    named = {"command": "score", "scorer": summary.name, "scorer_id": summary.scorer_id, "runs": summary.runs}
    return named | {name: getattr(summary, name) for name in (*counts, *more)}


def rescored(summary: "Rescored") -> Iterator[str]:
    """Say what a pass of a verifier did."""
    from samples.pipeline.progress import duration
    from samples.verifiers import STATUSES

    yield from summary.left_out
    who = f"{summary.verifier} (version {summary.version}, pass {summary.pass_id})"
    if summary.verified:
        counted = ", ".join(f"{summary.statuses.get(status, 0):,} {status}" for status in STATUSES)
        rate = summary.verified / summary.seconds
        known = 1 - summary.compared / summary.verified
        yield f"{who}: {summary.verified:,} verified: {counted}"
        speed = f"{rate:,.0f}/s" if rate >= 10 else f"{rate:.1f}/s"
        yield f"in {duration(summary.seconds)}, {speed}; {known:.0%} needed no comparison of their own"
    else:
        with_text = " with a stored completion" if summary.absent else ""
        of = " of the other runs" if summary.left_out else ""
        yield f"{who}: nothing to verify: every sample{with_text}{of} has a verdict of this version"
    if summary.absent:
        why = "samples check tells why, unless the run was imported without texts"
        yield f"{summary.absent:,} samples have no stored completion; they get no verdict ({why})"
    if summary.missing:
        yield f"{summary.missing:,} samples are left: the same command goes on from here"


def rescore_fields(summary: "Rescored") -> dict[str, Any]:
    """Return what a pass did, as the fields of an event."""
    names = (
        "verifier",
        "version",
        "pass_id",
        "runs",
        "left_out",
        "verified",
        "statuses",
        "absent",
        "missing",
        "seconds",
    )
    return {"command": "rescore"} | {name: getattr(summary, name) for name in names}


def imported(summary: "Imported") -> Iterator[str]:
    """Say what an import added."""
    run, texts = summary.run, summary.completions
    if summary.found:
        yield f"format: {summary.form}"
    parts = [f"{summary.problems:,} problems"]
    if summary.samples:
        whole = "" if texts == summary.samples else f" ({texts:,} with their text)" if texts else " (no texts)"
        parts.append(f"{summary.samples:,} samples{whole}")
    if summary.counts:
        parts.append(f"counts of {summary.counts:,} problems")
    if total := sum(summary.verdicts.values()):
        said = ", ".join(f"{count:,} {status}" for status, count in sorted(summary.verdicts.items()))
        parts.append(f"{total:,} verdicts of {summary.verifier} ({said})")
    yield f"run {run.name} ({run.run_id}) of {run.dataset}: {', '.join(parts)}"
    yield from summary.notes
    if not summary.added:
        yield "no samples, verdicts or counts were added: all of them were there already"


def import_fields(summary: "Imported") -> dict[str, Any]:
    """Return what an import added, as the fields of an event."""
    run = summary.run
    names = ("form", "notes", "problems", "samples", "completions", "counts", "verifier", "verdicts", "added")
    named = {"command": "import", "run": run.name, "run_id": run.run_id, "dataset": run.dataset}
    return named | {name: getattr(summary, name) for name in names}


def exported(summary: "Exported", file: str) -> Iterator[str]:
    """Say what an export wrote."""
    what = f"{summary.rows:,} samples of {', '.join(summary.runs) or 'no run'}"
    beside = f", with verdicts of {', '.join(summary.verifiers)}" if summary.verifiers else ""
    size = f" ({Path(file).stat().st_size:,} bytes)" if Path(file).is_file() else ""
    yield f"{what}{beside}: {'stdout' if file == '-' else file}{size}"
    if summary.left_out:
        yield f"{summary.left_out:,} left out: this form has no room for failed samples, nor for errors and timeouts"
    for run in summary.without:
        yield f"run {run} has no samples: nothing of it is in the file"


def export_fields(summary: "Exported", file: str) -> dict[str, Any]:
    """Return what an export wrote, as the fields of an event."""
    names = ("rows", "runs", "without", "verifiers", "left_out")
    return {"command": "export", "file": file} | {name: getattr(summary, name) for name in names}
