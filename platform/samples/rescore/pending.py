"""Find samples without a current verdict, and read their completions in chunks of bounded memory.

A sample is pending if it has a completion and its current verdict is not of the verifier's version. The keys of all
pending samples are in a temporary database file. A chunk holds all pending samples of a few problems, of all runs, so
that equal answers to one problem come together.
"""

import shutil
import tempfile
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds
from deltalake import DeltaTable

from samples.errors import LakeError
from samples.lake.files import Selection, repeating, snapshot_files
from samples.lake.log import added_files
from samples.lake.storage import explained
from samples.lake.tables import Tables
from samples.problems.problems import Problem
from samples.rescore.judge import KnownVerdicts, StoredCompletion, answer_key
from samples.runs.record import problems
from samples.runs.run import Run, every
from samples.verifiers import Verdict
from samples_schemas import COMPLETIONS, PROBLEMS, SAMPLES, VERDICTS

CHUNK = 20_000  # samples in a chunk, unless one problem has more
_ROWS = 512  # completions read at once
_MEMORY = "512MB"


@dataclass(frozen=True)
class Chunk:
    """Pending samples of one dataset. `keys` has run_id, problem_id, sample_index and attempt, sorted in this order."""

    dataset: str
    keys: pa.Table


class Pending:
    """The pending samples of some runs. Use it as a context; the end of the context removes the database file."""

    def __init__(self, lake: Tables, runs: Iterable[Run], verifier: str, version: str, *, again: bool) -> None:
        """Find the samples. `again` also takes those whose current verdict is a timeout or an error.

        Raises:
            LakeError: The lake cannot be read.
        """
        self._folder = Path(tempfile.mkdtemp(prefix="samples-pending-"))
        self._connection = duckdb.connect(self._folder / "pending.duckdb", config={"memory_limit": _MEMORY})
        self._connection.execute(_TABLE)
        samples, verdicts = lake.delta(SAMPLES.name), lake.delta(VERDICTS.name)
        chosen = list(runs)
        for run in chosen:
            self._connection.register("samples", lake.dataset(SAMPLES.name, samples, **run.partition))
            judged = lake.dataset(VERDICTS.name, verdicts, verifier=verifier, run_id=run.run_id)
            self._connection.register("verdicts", judged)
            with explained(lake.uri):
                values = {"dataset": run.dataset, "run": run.run_id, "version": version, "again": again}
                self._connection.execute(_PENDING, values)
        if repeating(snapshot_files(lake, SAMPLES, Selection(frozenset(run.run_id for run in chosen)), samples)):
            self._connection.execute(_ONCE)

    def __len__(self) -> int:
        return self._connection.sql("SELECT count(*) FROM pending").fetchall()[0][0]

    def __enter__(self) -> Self:
        """Return the pending samples."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove the database file."""
        self._connection.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def chunks(self, size: int) -> Iterator[Chunk]:
        """Yield chunks of about `size` samples, problem by problem."""
        counts = deque(
            self._connection.sql(
                "SELECT dataset, problem_id, count(*) FROM pending GROUP BY ALL ORDER BY ALL"
            ).fetchall()
        )
        while counts:
            dataset, first, held = counts.popleft()
            last = first
            while counts and counts[0][0] == dataset and held + counts[0][2] <= size:
                _, last, more = counts.popleft()
                held += more
            values = {"dataset": dataset, "first": first, "last": last}
            yield Chunk(dataset, self._connection.sql(_CHUNK, params=values).to_arrow_table())


class ChunkReader:
    """Reads the completions, problems and known verdicts of chunks from one snapshot of a lake."""

    def __init__(self, lake: Tables, verifier: str, version: str) -> None:
        self._lake, self._verifier, self._version = lake, verifier, version
        self._runs = {run.run_id: run for run in every(lake)}
        self._completions, self._verdicts = lake.delta(COMPLETIONS.name), lake.delta(VERDICTS.name)
        self._ranges = _ranges(self._completions)
        self._files: dict[str, Any] = {}  # datasets of completions, by run
        self._judged: dict[str, ds.Dataset] = {}  # of verdicts, by run

    def completions(self, chunk: Chunk) -> Iterator[StoredCompletion]:
        """Yield the completions of a chunk. A sample without a stored completion gives none."""
        for run_id, keys in _by_run(chunk.keys):
            hashes = self._runs[run_id].problem_hashes
            wanted = {
                (problem, index): attempt for problem, index, attempt in zip(*keys.to_pydict().values(), strict=True)
            }
            with explained(self._lake.uri):
                scanner = self._files_with(run_id, keys).scanner(
                    columns=["problem_id", "sample_index", "attempt", "text"],
                    filter=_between(keys),
                    batch_size=_ROWS,
                    batch_readahead=4,
                    fragment_readahead=2,
                    cache_metadata=False,  # 30 KiB for each file, for as long as the dataset lives
                )
                for batch in scanner.to_batches():
                    for problem, index, attempt, text in zip(*batch.to_pydict().values(), strict=True):
                        if wanted.get((problem, index), "") == attempt:
                            del wanted[problem, index]  # a completion that is stored twice is judged once
                            yield StoredCompletion(run_id, problem, index, hashes[problem], text)

    def _files_with(self, run_id: str, keys: pa.Table) -> ds.Dataset:
        """Return the files of a run's completions that may hold one of these samples, as the log says.

        Most files of a lake were judged long ago. On an object store, opening each of them takes longer than the rest.
        """
        if self._completions is None:
            return ds.dataset(COMPLETIONS.schema.empty_table())
        if run_id not in self._files:
            partition = self._runs[run_id].partition
            self._files[run_id] = self._lake.dataset_of(COMPLETIONS.name, self._completions, **partition)
        files = self._files[run_id]
        pending: dict[str, list[int]] = {}
        for problem, index in zip(keys["problem_id"].to_pylist(), keys["sample_index"].to_pylist(), strict=True):
            pending.setdefault(problem, []).append(index)
        ids = list(pending)
        chosen = [one for one in files.get_fragments() if _may_hold(self._ranges.get(unquote(one.path)), ids, pending)]
        return ds.FileSystemDataset(chosen, files.schema, files.format, files.filesystem)

    def problems(self, chunk: Chunk) -> dict[str, Problem]:
        """Return the chunk's problems by their hashes.

        Raises:
            LakeError: The lake does not hold one of them, or cannot be read.
        """
        found: dict[str, Problem] = {}
        for run_id, keys in _by_run(chunk.keys):
            run, ids = self._runs[run_id], keys["problem_id"].unique().to_pylist()
            found |= {problem.problem_hash: problem for problem in problems(self._lake, run, ids)}
            if lost := [problem for problem in ids if run.problem_hashes.get(problem) not in found]:
                where = f"lake {self._lake.place.table_uri(PROBLEMS.name)}"
                raise LakeError(
                    f"{where}: problem {lost[0]} of dataset {chunk.dataset} is missing, which run {run.name} sampled: "
                    "restore the table from a copy"
                )
        return found

    def known_verdicts(self, chunk: Chunk) -> KnownVerdicts:
        """Return the verdicts of this version on earlier answers to the chunk's problems, in any run."""
        known: KnownVerdicts = {}
        here = ds.field("problem_id").isin(chunk.keys["problem_id"].unique()) & (
            ds.field("verifier_version") == self._version
        )
        decided = here & ds.field("status").isin(["correct", "wrong"]) & ds.field("answer").is_valid()
        columns = ["problem_id", "answer", "status", "reward", "detail"]
        for run_id, run in self._runs.items():
            if run.dataset != chunk.dataset:
                continue
            with explained(self._lake.uri):
                if run_id not in self._judged:
                    partition = {"verifier": self._verifier, "run_id": run_id}
                    self._judged[run_id] = self._lake.dataset(VERDICTS.name, self._verdicts, **partition)
                for batch in self._judged[run_id].scanner(columns=columns, filter=decided).to_batches():
                    for problem, answer, *said in zip(*batch.to_pydict().values(), strict=True):
                        known[answer_key(run.problem_hashes[problem], answer)] = Verdict(said[0], None, *said[1:])
        return known


def _by_run(keys: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    for run_id in keys["run_id"].unique().to_pylist():
        yield run_id, keys.filter(ds.field("run_id") == run_id).drop_columns("run_id")


def _ranges(snapshot: DeltaTable | None) -> dict[str, tuple[Any, ...]]:
    """Return the least and the greatest problem id and sample index of each file, by its path, as the log says."""
    if snapshot is None:
        return {}
    files = added_files(snapshot)
    ends = [f"{end}.{column}" for column in ("problem_id", "sample_index") for end in ("min", "max")]
    if not set(ends) <= set(files.column_names):
        return {}
    values = zip(*(files[end].to_pylist() for end in ends), strict=True)
    return dict(zip(map(unquote, files["path"].to_pylist()), values, strict=True))


def _may_hold(ranges: tuple[Any, ...] | None, ids: Sequence[str], pending: Mapping[str, Sequence[int]]) -> bool:
    """Return whether a file may hold a pending sample. Ids and the indices of each are sorted."""
    if ranges is None or None in ranges:
        return True
    first, last, least, most = ranges
    at = bisect_left(ids, first)
    if first != last:
        return at < len(ids) and ids[at] <= last
    indices = pending.get(first, ())
    at = bisect_left(indices, least)
    return at < len(indices) and indices[at] <= most


def _between(keys: pa.Table) -> Any:
    """Return a filter on the range of problems and indices, which lets the scan skip files and row groups."""
    problems, index = keys["problem_id"], keys["sample_index"].to_numpy()
    problem, sample = ds.field("problem_id"), ds.field("sample_index")
    return (
        (problem >= problems[0])
        & (problem <= problems[-1])
        & (sample >= int(index.min()))
        & (sample <= int(index.max()))
    )


_TABLE = """
CREATE TABLE pending (dataset VARCHAR, run_id VARCHAR, problem_id VARCHAR, sample_index INTEGER, attempt VARCHAR)
"""

_PENDING = """
INSERT INTO pending
SELECT $dataset, $run, problem_id, sample_index, attempt
FROM samples
ANTI JOIN (
    SELECT problem_id, sample_index
    FROM verdicts
    GROUP BY ALL
    HAVING max_by(verifier_version, pass_id) = $version
       AND (NOT $again OR max_by(status, pass_id) IN ('correct', 'wrong', 'no_answer'))
) AS judged USING (problem_id, sample_index)
WHERE error IS NULL
ORDER BY problem_id, sample_index
"""

# Rows of `samples` that somebody appended twice are one sample.
_ONCE = """
CREATE OR REPLACE TABLE pending AS
SELECT DISTINCT ON (dataset, run_id, problem_id, sample_index) * FROM pending ORDER BY ALL
"""

_CHUNK = """
SELECT run_id, problem_id, sample_index, attempt
FROM pending
WHERE dataset = $dataset AND problem_id BETWEEN $first AND $last
ORDER BY ALL
"""
