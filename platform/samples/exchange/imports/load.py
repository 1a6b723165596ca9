"""Import a file of samples as a run of a lake: all of it, once, or nothing.

The file is read twice: checked whole, then written. The run's specification says that it is imported and names the
content, so the id is that of the file and not of the run's name. Importing again finishes what was left undone and
adds nothing twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from samples.errors import UsageError
from samples.exchange.imports import FORMATS
from samples.exchange.imports.problems import found, renamed, stand_ins
from samples.exchange.imports.reading import Source, fetched
from samples.exchange.imports.store import VERIFIER, Store
from samples.exchange.imports.survey import Survey, Watch, rows, survey
from samples.lake.tables import Tables
from samples.problems import problems as problem_sets
from samples.problems.problems import ProblemSet
from samples.runs.record import add_problems
from samples.runs.run import Run, register
from samples_schemas import COMPLETIONS, COUNTS, SAMPLES, VERDICTS

ENGINE = "imported"


@dataclass(frozen=True)
class Summary:
    """What a file holds, and which tables were added to; none, where all of it was there already."""

    run: Run
    verifier: str
    problems: int
    samples: int
    completions: int
    counts: int
    verdicts: Mapping[str, int]
    added: tuple[str, ...]


def load(
    lake: str,
    file: str,
    form: str,
    *,
    name: str,
    dataset: str,
    labels: Mapping[str, str] | None = None,
    problems: str | None = None,
    score: str | None = None,
    watch: Watch = lambda _doing, _rows: None,
) -> Summary:
    """Import `file` (a path or URI) of the format `form` (one of FORMATS) as run `name`; makes the lake if needed.

    `problems` is a source of the problems' questions, gold answers and tests. `score` names which of a file's scores
    gives the verdicts, "none" leaves them out. `labels` may name the model. `watch` is told (doing, rows so far).

    Raises:
        BadRowsError: Rows are bad; says which. Nothing is imported.
        UsageError: The file cannot be read, or the name belongs to another run.
        LakeError: The lake cannot be written; the same again goes on from what was committed.
    """
    if form not in FORMATS:
        raise UsageError(f'format "{form}" is not known: choose one of {", ".join(FORMATS)}')
    problem_sets.named(dataset)
    given = problem_sets.load(problems, dataset=dataset) if problems else None
    with fetched(file) as source:
        held = survey(source, FORMATS[form], score, watch)
        of = found(held.problems, given) if given else stand_ins(held.problems)
        run = Run(
            name=name,
            dataset=dataset,
            engine=ENGINE,
            model=(labels or {}).get("model") or held.model or "unknown",
            specification=_specification(source, form, dataset, score, given),
            problem_hashes={problem.problem_id: problem.problem_hash for problem in of.values()},
            labels=dict(labels or {}),
        )
        to = Tables(lake, create=True)
        run = register(to, run)
        add_problems(to, dataset, of.values())
        version = f"{form}-{source.content[:12]}"
        store = Store(to, run, version, _tables(held))
        added = store.store(renamed(rows(source, FORMATS[form], score), of), watch)
    return Summary(
        run=run,
        verifier=VERIFIER,
        problems=len(of),
        samples=held.samples,
        completions=held.completions,
        counts=held.counts,
        verdicts=dict(held.verdicts),
        added=tuple(added),
    )


def _specification(
    source: Source, form: str, dataset: str, score: str | None, given: ProblemSet | None
) -> dict[str, Any]:
    return {
        "engine": ENGINE,
        "format": form,
        "dataset": dataset,
        "file": source.base,
        "content": source.content,
        "score": score,
        "problems": given.hash if given else None,
        "revision": None,
        "sampling": {},
    }


def _tables(held: Survey) -> list[str]:
    rows_of = {
        COMPLETIONS.name: held.completions,
        SAMPLES.name: held.samples,
        VERDICTS.name: held.verdicts.total(),
        COUNTS.name: held.counts,
    }
    return [name for name, count in rows_of.items() if count]
