"""Export samples of a lake to one file, joined with their completions, their problems and their current verdicts.

The file has one row per sample. `samples import --format samples` reads it back to the same samples, problems and
verdicts. One verifier gives the columns verifier, verifier_version, status, answer, reward, detail and seconds; several
give math_version, math_status, math_answer … gold is the gold answer; golds are all accepted ones if there are several.
Each row states its problem_hash. A problem's tests and metadata may be large and stand in its first row only.

Other forms are made of the same rows: human-eval (see `export_human_eval`) and every-eval-ever (see
`export_every_eval_ever`).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO

import pyarrow as pa

from samples.errors import NotFound, UsageError, meant
from samples.exchange import export_every_eval_ever
from samples.exchange.export_file import check_folder, check_target, open_sink
from samples.exchange.export_human_eval import HumanEvalLines, require_one
from samples.exchange.export_rows import ExportTables, rows_of, schema_of
from samples.lake.tables import Tables
from samples.query import lost
from samples.runs.run import Run, every, find
from samples_schemas import COMPLETIONS, SAMPLES, VERDICTS

FORMS = ("samples", "human-eval", "every-eval-ever")


@dataclass(frozen=True)
class Summary:
    """What was written: the number of rows, their runs, and the verifiers of their verdicts.

    `left_out` counts what the form has no room for: samples without a completion (human-eval), or verdicts that decide
    nothing (every-eval-ever).
    """

    rows: int
    runs: tuple[str, ...]
    without: tuple[str, ...]  # runs without samples, for example runs of which only counts are known
    verifiers: tuple[str, ...]
    left_out: int = 0


def export(
    lake: Tables,
    file: str,
    stdout: IO[bytes],
    *,
    form: str = "samples",
    runs: Sequence[str] = (),
    verifiers: Sequence[str] = (),
    tokens: bool = True,
    force: bool = False,
    watch: Callable[[str, int], None] = lambda _doing, _rows: None,
) -> Summary:
    """Write the samples of runs (by default all) to `file`: .parquet, .jsonl, or "-" for `stdout`.

    `form` is one of FORMS. human-eval takes one run and at most one verifier, and writes .jsonl. every-eval-ever writes
    into a folder. `verifiers` names the verifiers whose current verdicts are added, by default all that judged these
    runs. `tokens` adds token ids and log-probs. `watch` is called with (doing, rows so far).

    Raises:
        UsageError: The file cannot be written, it exists and `force` is not set, or the form has no room for this.
        NotFound: There is no such run, or a verifier judged none of the runs.
        LakeError: The lake cannot be read, or the log of a table lost entries of these runs. No file is left.
    """
    _check(file, form, force=force)
    lake = lake.pin((VERDICTS.name, SAMPLES.name, COMPLETIONS.name))
    chosen = list({run.run_id: run for run in (find(lake, name) for name in runs)}.values()) or every(lake)
    if not chosen:
        raise NotFound(f"lake {lake.uri} has no runs; add one: samples ingest … or samples import …")
    tables = ExportTables(lake)
    lost.require(lake, chosen, every=not runs)
    judges = _judges(tables, chosen, verifiers)
    if form == "human-eval":
        require_one([run.name for run in chosen], judges)
    schema = schema_of(judges, tokens=tokens and form == "samples")
    counts: dict[str, int] = {}

    def batches(run: Run) -> Iterator[pa.RecordBatch]:
        doing = f"writing the samples of {run.name}"
        watch(doing, 0)
        for batch in rows_of(tables, run, judges, schema):
            yield batch
            counts[run.name] = counts.get(run.name, 0) + batch.num_rows
            watch(doing, counts[run.name])

    rows, left_out = None, 0
    if form == "every-eval-ever":
        judged = [(run, tables.verifiers([run], judges)) for run in chosen]
        for run, own in judged:
            export_every_eval_ever.require_verdicts(run, own)  # all are checked before any is written
        written = [export_every_eval_ever.write(lake, file, run, own, batches(run), force=force) for run, own in judged]
        rows, left_out = (sum(column) for column in zip(*written, strict=True))
    else:
        with open_sink(file, schema, stdout, HumanEvalLines if form == "human-eval" else None) as sink:
            for run in chosen:
                for batch in batches(run):
                    sink.write(batch)
            if isinstance(sink, HumanEvalLines):
                left_out = sink.left_out
    return Summary(
        rows=sum(counts.values()) - left_out if rows is None else rows,
        runs=tuple(counts),
        without=tuple(run.name for run in chosen if run.name not in counts),
        verifiers=tuple(judges),
        left_out=left_out,
    )


def _check(file: str, form: str, *, force: bool) -> None:
    """Check that the form is known, and that the file or folder can be written."""
    if form not in FORMS:
        raise UsageError(f'unknown form "{form}"{meant(form, FORMS)}: choose one of {", ".join(FORMS)}')
    if form == "every-eval-ever":
        check_folder(file)
    else:
        check_target(file, force=force, lines_only=form == "human-eval")


def _judges(tables: ExportTables, runs: Sequence[Run], verifiers: Sequence[str]) -> list[str]:
    """Return the verifiers that are asked for, or all that judged the runs."""
    judged = tables.verifiers(runs)
    if unknown := [name for name in verifiers if name not in judged]:
        there = ", ".join(judged) or "none"
        raise NotFound(f'verifier "{unknown[0]}" judged none of these runs; verifiers that judged them: {there}')
    return list(dict.fromkeys(verifiers)) or judged
