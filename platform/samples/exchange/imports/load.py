"""Import files of samples as a run of a lake: all of them, once, or nothing.

The files are read twice: they are checked whole, then written. The run's specification says that the run is imported,
and holds the hash of the file, or of all files in their order. The run id is therefore the files', whatever the run's
name. Importing them again adds what is missing, and nothing twice. A longer file of the same run, or more files, add
what they have more.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from samples.errors import UsageError
from samples.exchange.imports import AUTO, FORMATS, ROWS
from samples.exchange.imports.check import BadRowsError, check_files, read_rows
from samples.exchange.imports.collection import choose
from samples.exchange.imports.detect import Detected, detect
from samples.exchange.imports.grow import earlier, require_agreement
from samples.exchange.imports.join import problems_in_set
from samples.exchange.imports.problems import problems_in_file, with_problem_ids
from samples.exchange.imports.progress import Watch
from samples.exchange.imports.reading import local_copies
from samples.exchange.imports.row import VERIFIER
from samples.exchange.imports.store import Rows, Store
from samples.lake.partitions import is_partition_name
from samples.lake.tables import Tables
from samples.problems.problems import ProblemSet, check_dataset_name
from samples.problems.problems import load as load_problems
from samples.runs.labels import add_labels
from samples.runs.record import add_problems
from samples.runs.run import Run, extend, register
from samples.runs.settings import IMPORTED, UNKNOWN_MODEL


@dataclass(frozen=True)
class Summary:
    """What files hold. `added` names the tables that got rows; it is empty if the lake had them all.

    `form` is the format, with the fields that were chosen; it was `found` if nobody named it. `notes` say which files
    were left out, and what a reader must know of the problems. `verifier` has the names of the verifiers, and
    `verdicts` the number of each status, of all of them together.
    """

    run: Run
    verifier: str
    problems: int
    samples: int
    completions: int
    counts: int
    verdicts: Mapping[str, int]
    added: tuple[str, ...]
    form: str = ""
    found: bool = False
    notes: tuple[str, ...] = ()


def load(
    lake: str,
    file: str | Sequence[str],
    form: str = AUTO,
    *,
    name: str,
    dataset: str,
    labels: Mapping[str, str] | None = None,
    problems: str | None = None,
    score: str | None = None,
    verifier: str | None = None,
    fields: Mapping[str, str] | None = None,
    watch: Watch = lambda _doing, _rows: None,
) -> Summary:
    """Import `file` in the format `form` as run `name`. A missing lake is made.

    `file` is a path or URI of a file, of a folder, or a pattern such as `*.jsonl`, or several of them, in order. `form`
    is one of FORMATS, "rows" for the general reader, or "auto". `fields` maps roles of the general reader to fields
    (see `samples.exchange.shapes.names`), by dotted names.

    `problems` is a source of the problems' questions, gold answers and tests. `score` names the score that gives the
    verdicts; "none" leaves verdicts out. `verifier` names who gave the verdicts or counts where the file does not, by
    default "imported"; runs that one verifier judged can be compared. `labels` may name the model. `watch` is called
    with (doing, rows so far).

    Raises:
        BadRowsError: Rows are bad. The message names them; nothing is imported.
        UsageError: A file cannot be read, its format is unknown, or the name belongs to another run.
        LakeError: The lake cannot be written. The same call goes on from what was committed.
    """
    if form not in {AUTO, *FORMATS, ROWS}:
        raise UsageError(f'unknown format "{form}": choose one of {", ".join((*FORMATS, ROWS, AUTO))}')
    check_dataset_name(dataset)
    if verifier is not None and not is_partition_name(verifier):
        raise UsageError(f'--verifier "{verifier}": expected a letter, then letters, digits and . _ -')
    who = verifier or VERIFIER
    # Repeated problems are kept: a run may have been drawn for them, or without them.
    given = load_problems(problems, dataset=dataset, duplicates="keep") if problems else None
    chosen = choose([file] if isinstance(file, str) else file)
    with local_copies(chosen.names, chosen.found) as copies:
        detected = detect(copies, form, fields or {}, score)
        sources = detected.sources
        try:
            held = check_files(sources, detected.read, score, watch, who)
        except BadRowsError as error:
            if form in FORMATS:
                raise
            raise BadRowsError(f"{error}\nthe format was found to be {detected.said}") from error
        of, notes = (
            problems_in_set(held.problems, given) if given else (problems_in_file(held.problems, lake, dataset), ())
        )
        run = Run(
            name=name,
            dataset=dataset,
            engine=IMPORTED,
            model=(labels or {}).get("model") or held.model or UNKNOWN_MODEL,
            specification=_specification(detected, dataset, score, given, verifier, fields or {}),
            problem_hashes={problem.problem_id: problem.problem_hash for problem in of.values()},
            labels=dict(labels or {}),
        )

        def rows() -> Rows:
            return with_problem_ids(read_rows(sources, detected.read, score, who), of)

        to = Tables(lake, create=True)
        if (before := earlier(to, name, run.specification)) is None:
            run = register(to, run)
        else:
            require_agreement(to, before, of.values(), sources, rows())
            run = extend(to, before, run.problem_hashes)
        add_labels(to, run, labels or {})
        add_problems(to, dataset, of.values())
        version = f"{detected.form}-{run.specification['content'][:12]}"
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
        form=detected.said,
        found=form not in FORMATS,
        notes=(*chosen.notes, *detected.notes, *notes),
    )


def _specification(
    detected: Detected,
    dataset: str,
    score: str | None,
    given: ProblemSet | None,
    verifier: str | None,
    fields: Mapping[str, str],
) -> dict[str, Any]:
    return {
        "engine": IMPORTED,
        "format": detected.form,
        "dataset": dataset,
        "file": detected.sources.base,
        "content": detected.sources.content,
        "score": score,
        "problems": given.hash if given else None,
        "revision": None,
        "sampling": {},
        **({"verifier": verifier} if verifier else {}),
        **({"fields": dict(fields)} if fields else {}),
    }
