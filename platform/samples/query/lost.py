"""Notice what a table's log no longer names, from what other tables know of it.

Tables are committed one after the other, and read in the opposite order. So a verdict has its sample, a sample its
completion, a score its log-probs, and each of them its run. Where one has not, the log of a table lost its last
entries. Only logs are read: they say how many rows each file has.
"""

from collections import Counter
from collections.abc import Collection, Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from samples.errors import LakeError, SamplesError, StoreAway
from samples.lake import hidden
from samples.lake.files import EVERYTHING, Selection, SnapshotFile, repeating, snapshot_files
from samples.lake.tables import Tables
from samples.runs.settings import IMPORTED
from samples_schemas import COMPLETIONS, RUNS, SAMPLES, SCORE_LOGPROBS, SCORES, VERDICTS, Table

if TYPE_CHECKING:  # it imports what runs are drawn with
    from samples.runs.run import Run

_MANY = 1 << 60  # rows: more than any table has
_REPAIR = (
    "`samples repair` shows what can be rebuilt; query, report and rescore leave the run out with --skip-unreadable"
)


def pin(lake: Tables, names: Iterable[str]) -> Tables:
    """Pin these tables. Verdicts are pinned before samples, since they tell how many samples there must be."""
    names = frozenset(names)
    if SAMPLES.name in names and VERDICTS.name not in names:
        lake = lake.pin(())
        with _any_verdicts():
            lake.pin((VERDICTS.name,))
    return lake.pin(names)


def compared(
    lake: Tables, files: Mapping[str, list[SnapshotFile]], kept: Selection = EVERYTHING
) -> Mapping[str, list[SnapshotFile]]:
    """Return the files that a question reads, and those of verdicts if it reads samples, as `check` compares them."""
    if SAMPLES.name in files and VERDICTS.name not in files:
        with _any_verdicts():
            return {**files, VERDICTS.name: snapshot_files(lake, VERDICTS, kept)}
    return files


@contextmanager
def _any_verdicts() -> Generator[None]:
    """Go on if verdicts cannot be read, about which nobody asked."""
    try:
        yield
    except StoreAway:
        raise
    except SamplesError:
        pass


def require(
    lake: Tables,
    chosen: "Iterable[Run]",
    tables: Iterable[Table] = (VERDICTS, SAMPLES, COMPLETIONS),
    *,
    every: bool = False,
) -> None:
    """Check what these tables of a pinned lake say of each other about some runs; `every` says that there are no more.

    Raises:
        LakeError: The log of a table lost entries.
    """
    for reason in found(lake, chosen, tables, every=every).values():
        raise LakeError(reason)


def found(lake: Tables, chosen: "Iterable[Run]", tables: Iterable[Table], *, every: bool = False) -> dict[str, str]:
    """Return the runs of which a log lost entries, by id, each with the reason; the arguments are those of `require`.

    Raises:
        LakeError: A log cannot be read.
    """
    lake = lake.without(hidden.every(lake.place))  # tables may contradict each other about these
    engines = {run.run_id: run.engine for run in chosen}
    kept = EVERYTHING if every else Selection(frozenset(engines))
    files = {table.name: snapshot_files(lake, table, kept) for table in tables}
    return runs(lake, files, engines) | unknown(lake, files, engines)


def check(lake: Tables, files: Mapping[str, list[SnapshotFile]], engines: Mapping[str, str]) -> None:
    """Check what tables say of each other.

    `files` are those that a question reads, by table. `engines` has the engine of every run that table runs has, by id.

    Raises:
        LakeError: The log of a table lost entries.
    """
    lake.require_whole(files)
    for reason in (*runs(lake, files, engines).values(), *unknown(lake, files, engines).values()):
        raise LakeError(reason)


def runs(lake: Tables, files: Mapping[str, list[SnapshotFile]], engines: Mapping[str, str]) -> dict[str, str]:
    """Return the runs of which a log lost entries, by id, each with the reason; the arguments are those of `check`."""
    found = _without_logprobs(lake, files)
    if SAMPLES.name not in files:
        return found
    samples = files[SAMPLES.name]
    there, at_most = _rows(samples), _rows(samples, unknown=_MANY)
    twice = {file.partition["run_id"] for file in repeating(samples)}
    for run, count in _judged(files.get(VERDICTS.name, [])).items():
        # Another tool may have appended verdicts. So completions, where there are any, must know of the samples, too.
        if count > at_most[run]:
            texts = _rows(snapshot_files(lake, COMPLETIONS, Selection(frozenset({run}))))[run]
            if (min(count, texts) if texts else (not there[run]) * count) > there[run]:
                found[run] = _said(lake, SAMPLES.name, run, there[run], f"verdicts judged {count:,}")
    if COMPLETIONS.name in files:
        stored = _rows(files[COMPLETIONS.name], unknown=_MANY)
        for run in there.keys() - twice:
            if stored[run] < there[run] and engines.get(run, IMPORTED) != IMPORTED:  # an import may have no texts
                found.setdefault(run, _said(lake, COMPLETIONS.name, run, stored[run], f"samples has {there[run]:,}"))
    return found


def _without_logprobs(lake: Tables, files: Mapping[str, list[SnapshotFile]]) -> dict[str, str]:
    """Return the runs with scores whose log-probs a log lost, by id, each with the reason."""
    if not files.keys() >= {SCORES.name, SCORE_LOGPROBS.name}:
        return {}
    twice = {(file.partition["scorer_id"], file.partition["run_id"]) for file in repeating(files[SCORES.name])}
    scored: Counter[tuple[str, str]] = Counter()
    for file in files[SCORES.name]:
        scored[file.partition["scorer_id"], file.partition["run_id"]] += file.rows or 0
    for file in files[SCORE_LOGPROBS.name]:
        scored[file.partition["scorer_id"], file.partition["run_id"]] -= _MANY if file.rows is None else file.rows
    return {
        run: f"lake {lake.uri}: table {SCORE_LOGPROBS.name} lacks {lacking:,} samples of run {run} that table "
        f"{SCORES.name} has of scorer {scorer}: the log of {SCORE_LOGPROBS.name} has lost entries; restore it from a "
        "copy of the lake (`samples check` shows what is missing)"
        for (scorer, run), lacking in scored.items()
        if lacking > 0 and (scorer, run) not in twice
    }


def unknown(lake: Tables, files: Mapping[str, list[SnapshotFile]], known: Collection[str]) -> dict[str, str]:
    """Return the runs that table runs does not know and another one does, by id, each with the reason."""
    return {
        run: f"lake {lake.uri}: table {name} has rows of run {run}, which table {RUNS.name} does not have: the log of "
        "runs lost its last entries; the ingest or import that began the run records it again"
        for name in (SAMPLES.name, COMPLETIONS.name, VERDICTS.name)
        for run in sorted({file.partition["run_id"] for file in files.get(name, [])} - {*known} - lake.hidden)
    }


def _judged(verdicts: Iterable[SnapshotFile]) -> dict[str, int]:
    """Return how many samples of each run a verifier judged in one pass, by run id: the most there are."""
    files = list(verdicts)
    twice = {(file.partition["run_id"], file.partition["verifier"]) for file in repeating(files)}
    passes: Counter[tuple[str, str, int]] = Counter()
    for file in files:
        run, verifier = file.partition["run_id"], file.partition["verifier"]
        if file.pass_id is not None and (run, verifier) not in twice:
            passes[run, verifier, file.pass_id] += file.rows or 0
    most: dict[str, int] = {}
    for (run, _, _), count in passes.items():
        most[run] = max(most.get(run, 0), count)
    return most


def _rows(files: Iterable[SnapshotFile], unknown: int = 0) -> Counter[str]:
    """Return how many rows these files have of each run; `unknown` are those of a file of which no commit says it."""
    counts: Counter[str] = Counter()
    for file in files:
        counts[file.partition["run_id"]] += unknown if file.rows is None else file.rows
    return counts


def _said(lake: Tables, name: str, run: str, there: int, other: str) -> str:
    return (
        f"lake {lake.uri}: table {name} names {there:,} samples of run {run}, and table {other}: the log of {name} has "
        f"lost entries; {_REPAIR}"
    )
