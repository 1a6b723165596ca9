"""Import a file of samples as a run of a lake: all of it, once, or nothing.

The file is read twice: it is checked whole, then written. The run's specification says that the run is imported, and
holds the hash of the file. The run id is therefore the file's, whatever the run's name. Importing the file again adds
what is missing, and nothing twice. A longer file of the same run adds what it has more.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from samples.errors import UsageError
from samples.exchange.imports import FORMATS
from samples.exchange.imports.check import check_file, read_rows
from samples.exchange.imports.grow import earlier, require_agreement
from samples.exchange.imports.join import problems_in_set
from samples.exchange.imports.problems import problems_in_file, with_problem_ids
from samples.exchange.imports.progress import Watch
from samples.exchange.imports.reading import Source, local_copy
from samples.exchange.imports.row import VERIFIER
from samples.exchange.imports.store import Rows, Store
from samples.lake.partitions import is_partition_name
from samples.lake.tables import Tables
from samples.problems.problems import ProblemSet, check_dataset_name
from samples.problems.problems import load as load_problems
from samples.runs.labels import add_labels
from samples.runs.record import add_problems
from samples.runs.run import Run, extend, register
from samples.runs.settings import IMPORTED


@dataclass(frozen=True)
class Summary:
    """What a file holds. `added` names the tables that got rows; it is empty if the lake had them all.

    `verifier` has the names of the verifiers, and `verdicts` the number of each status, of all of them together.
    `notes` are what a reader must know of the problems.
    """

    run: Run
    verifier: str
    problems: int
    samples: int
    completions: int
    counts: int
    verdicts: Mapping[str, int]
    added: tuple[str, ...]
    notes: tuple[str, ...] = ()


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
    verifier: str | None = None,
    watch: Watch = lambda _doing, _rows: None,
) -> Summary:
    """Import `file` (a path or URI) in the format `form` (one of FORMATS) as run `name`. A missing lake is made.

    `problems` is a source of the problems' questions, gold answers and tests. `score` names the score that gives the
    verdicts; "none" leaves verdicts out. `verifier` names who gave the verdicts or counts where the file does not, by
    default "imported"; runs that one verifier judged can be compared. `labels` may name the model. `watch` is called
    with (doing, rows so far).

    Raises:
        BadRowsError: Rows are bad. The message names them; nothing is imported.
        UsageError: The file cannot be read, or the name belongs to another run.
        LakeError: The lake cannot be written. The same call goes on from what was committed.
    """
    if form not in FORMATS:
        raise UsageError(f'unknown format "{form}": choose one of {", ".join(FORMATS)}')
    check_dataset_name(dataset)
    if verifier is not None and not is_partition_name(verifier):
        raise UsageError(f'--verifier "{verifier}": expected a letter, then letters, digits and . _ -')
    who = verifier or VERIFIER
    # Repeated problems are kept: a run may have been drawn for them, or without them.
    given = load_problems(problems, dataset=dataset, duplicates="keep") if problems else None
    with local_copy(file) as source:
        held = check_file(source, FORMATS[form], score, watch, who)
        of, notes = (
            problems_in_set(held.problems, given) if given else (problems_in_file(held.problems, lake, dataset), ())
        )
        run = Run(
            name=name,
            dataset=dataset,
            engine=IMPORTED,
            model=(labels or {}).get("model") or held.model or "unknown",
            specification=_specification(source, form, dataset, score, given, verifier),
            problem_hashes={problem.problem_id: problem.problem_hash for problem in of.values()},
            labels=dict(labels or {}),
        )

        def rows() -> Rows:
            return with_problem_ids(read_rows(source, FORMATS[form], score, who), of)

        to = Tables(lake, create=True)
        if (before := earlier(to, name, run.specification)) is None:
            run = register(to, run)
        else:
            require_agreement(to, before, of.values(), source.name, rows())
            run = extend(to, before, run.problem_hashes)
        add_labels(to, run, labels or {})
        add_problems(to, dataset, of.values())
        version = f"{form}-{run.specification['content'][:12]}"
        added = Store(to, run, version, held, who).store(rows, watch)
    return Summary(
        run=run,
        verifier=", ".join(held.verdicts) or who,
        problems=len(of),
        samples=held.samples,
        completions=held.completions,
        counts=held.counts,
        verdicts=dict(sum(held.verdicts.values(), Counter[str]())),
        added=tuple(added),
        notes=notes,
    )


def _specification(
    source: Source, form: str, dataset: str, score: str | None, given: ProblemSet | None, verifier: str | None
) -> dict[str, Any]:
    return {
        "engine": IMPORTED,
        "format": form,
        "dataset": dataset,
        "file": source.base,
        "content": source.content,
        "score": score,
        "problems": given.hash if given else None,
        "revision": None,
        "sampling": {},
        **({"verifier": verifier} if verifier else {}),
    }
