"""Refuse to copy a run of which a log of the source has lost entries.

A copy takes what tables name. It would leave behind the files that a damaged log no longer names, which hold what can
still be rebuilt, and nobody would miss them at the target. Logs are read, and the ids of problems. Files of
samples are read only if a log is in doubt.
"""

from collections.abc import Iterator, Mapping, Sequence

import duckdb

from samples.errors import LakeError
from samples.lake import hidden, leases
from samples.lake.files import Selection, SnapshotFile, snapshot_files
from samples.lake.storage import explained
from samples.lake.tables import Tables
from samples.query import lost
from samples.runs.run import Run
from samples.runs.settings import IMPORTED
from samples_schemas import COMPLETIONS, PROBLEMS, PROMPTS, SAMPLES, SCORE_LOGPROBS, SCORES, VERDICTS, Table

_READ = (VERDICTS, SCORES, SAMPLES, SCORE_LOGPROBS, COMPLETIONS, PROMPTS)
_NARROW = ((COMPLETIONS, SAMPLES), (SCORE_LOGPROBS, SCORES))
_AGAIN = {SAMPLES.name: "`samples repair --write` or the same ingest", SCORES.name: "the same `samples score`"}
_Files = Mapping[str, list[SnapshotFile]]


def is_at_work(lake: Tables) -> bool:
    """Return whether a live program draws or scores samples of a lake: it names rows table by table."""
    return bool(leases.at_work(lake.place).keys() - {leases.MAINTENANCE})


def require_whole(lake: Tables, chosen: Sequence[Run], *, every: bool, busy: bool) -> None:
    """Check that the logs of a pinned lake name all that they say of each other about these runs.

    `every` says that they are all runs of the lake. `busy` says that programs were at work when it was pinned: then
    rows that only one of two tables names are no loss.

    Raises:
        LakeError: A log has lost entries. The message names the run and the way out.
    """
    lake = lake.without(hidden.every(lake.place))  # tables may contradict each other about these
    ids = frozenset(run.run_id for run in chosen)
    kept = Selection(None if every else ids)
    files = {table.name: snapshot_files(lake, table, kept) for table in _READ}
    engines = {run.run_id: run.engine for run in chosen}
    reasons = lost.runs(lake, files, engines)
    for run in chosen:
        more = _lacking(lake, run, files, busy=busy) if run.engine != IMPORTED else iter(())
        if why := reasons.get(run.run_id) or next(more, None):
            raise LakeError(f"nothing is copied, because run {run.name} would not be whole: {why}")
    if every:
        lost.check(lake, files, engines)


def _lacking(lake: Tables, run: Run, files: _Files, *, busy: bool) -> Iterator[str]:
    """Yield what the logs lack of a run that an engine drew."""
    if not any(file.partition["run_id"] == run.run_id for file in (*files[SAMPLES.name], *files[COMPLETIONS.name])):
        return
    asked, prompts = len(run.problem_hashes), _rows(files[PROMPTS.name], run)
    if prompts is not None and prompts < asked:
        yield (
            f"lake {lake.uri}: table {PROMPTS.name} names {prompts} of its {asked} prompts: its log has lost entries; "
            "the ingest that began the run adds them again"
        )
    there = lake.read(PROBLEMS.name, ["problem_id", "problem_hash"], dataset=run.dataset)
    known = set(zip(*there.to_pydict().values(), strict=True))
    if gone := run.problem_hashes.items() - known:
        yield (
            f"lake {lake.uri}: table {PROBLEMS.name} has {asked - len(gone)} of its {asked} problems: its log has lost "
            "entries; the ingest that began the run adds them again"
        )
    for heavy, narrow in _NARROW if not busy else ():
        some, named = _rows(files[heavy.name], run), _rows(files[narrow.name], run)
        # A sample may have two completions, of which one counts. So the keys say what is missing.
        if (some is None or named is None or named < some) and (unnamed := _unnamed(lake, heavy, narrow, run)):
            yield (
                f"lake {lake.uri}: table {heavy.name} has {unnamed:,} samples of it that table {narrow.name} does not "
                f"name: its log has lost entries, or a program was killed; {_AGAIN[narrow.name]} names them"
            )


def _unnamed(lake: Tables, heavy: Table, narrow: Table, run: Run) -> int:
    """Return how many keys of a run one table has and the other has not."""
    key = ", ".join(narrow.key)
    with explained(lake.uri), duckdb.connect() as connection:
        for table in (heavy, narrow):
            connection.register(table.name, lake.dataset(table.name, run_id=run.run_id))
        lacking = f"SELECT DISTINCT {key} FROM {heavy.name} ANTI JOIN {narrow.name} USING ({key})"  # noqa: S608 - own names
        ((count,),) = connection.sql(f"SELECT count(*) FROM ({lacking})").fetchall()  # noqa: S608 - own names
    return count


def _rows(files: Sequence[SnapshotFile], run: Run) -> int | None:
    """Return how many rows of a run files have; None if no commit says it."""
    rows = [file.rows for file in files if file.partition["run_id"] == run.run_id]
    return None if None in rows else sum(count or 0 for count in rows)
