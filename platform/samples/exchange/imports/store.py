"""Read a file for the second time: write its rows as tables of the lake.

Completions are committed first, samples second, then verdicts and counts. Each table's rows are one commit. After a
kill a table is there whole or not at all, and importing again adds the missing tables. Files hold about 20,000
completions or 64 MB, so memory is bounded.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa
from deltalake.exceptions import CommitFailedError

from samples.errors import UsageError
from samples.exchange.imports.progress import Progress, Watch
from samples.exchange.imports.row import Row
from samples.files.errors import BadRow
from samples.lake.parquet import File
from samples.lake.tables import Claim, Tables
from samples.runs.run import Run
from samples_schemas import COMPLETIONS, COUNTS, SAMPLES, TABLES, VERDICTS, Table

VERIFIER = "imported"  # the verifier of verdicts that come with a file

_ORDER = (COMPLETIONS.name, SAMPLES.name, VERDICTS.name, COUNTS.name)
_COMPLETIONS, _NARROW, _BYTES = 20_000, 200_000, 64 << 20  # rows of a file; bytes of a file of completions


class Store:
    """Writes an imported run's rows into a lake."""

    def __init__(self, lake: Tables, run: Run, version: str, tables: Iterable[str]) -> None:
        """Prepare to write; `tables` names the tables that the file has rows for."""
        self._lake, self._run, self._version = lake, run, version
        self._tables = [name for name in _ORDER if name in set(tables)]

    def store(self, rows: Iterable[tuple[str, Row | BadRow]], watch: Watch) -> list[str]:
        """Add the rows that the lake lacks; `rows` are all rows of the run. Return the tables that got rows.

        Raises:
            UsageError: The rows changed since they were checked. Nothing is committed.
            LakeError: The lake cannot be written. What was committed stays.
        """
        claims = {name: self._lake.claim(name, self._run.run_id) for name in self._tables}
        sinks = {
            name: _Sink(self._lake, TABLES[name], self._partition(name))
            for name, claim in claims.items()
            if not self._is_there(name, claim)
        }
        if sinks:
            self._fill(sinks, rows, watch)
        return [name for name, sink in sinks.items() if self.commit(name, sink.finished(), claims[name])]

    def commit(self, name: str, files: Sequence[File], claim: Claim) -> bool:
        """Commit a table's files. Return False if another import of this run committed the same rows first."""
        partition = self._partition(name)
        try:
            self._lake.commit(name, [(file, partition) for file in files], claim)
        except CommitFailedError:
            return False
        return True

    def _fill(self, sinks: Mapping[str, "_Sink"], rows: Iterable[tuple[str, Row | BadRow]], watch: Watch) -> None:
        progress = Progress(watch, f"writing {', '.join(sinks)}")
        attempt = self._run.run_id.removeprefix("r")
        for number, (place, row) in enumerate(rows, 1):
            if isinstance(row, BadRow):
                raise UsageError(f"{place}: changed while it was read; nothing is imported")
            for name, sink in sinks.items():
                if (values := _VALUES[name](row, attempt, self._version)) is not None:
                    sink.add(values, _size(row))
            progress.update(number)

    def _partition(self, name: str) -> dict[str, str]:
        values = {**self._run.partition, "verifier": VERIFIER}
        return {column: values[column] for column in TABLES[name].partition_by}

    def _is_there(self, name: str, claim: Claim) -> bool:
        """Return whether the table has the run's rows. They come in one commit, so one row means all."""
        return self._lake.dataset(name, claim.snapshot, **self._partition(name)).head(1).num_rows > 0


class _Sink:
    """Collects the rows of one table and writes them as files."""

    def __init__(self, lake: Tables, table: Table, partition: Mapping[str, str]) -> None:
        self._lake, self._table, self._partition = lake, table, partition
        self._heavy = table is COMPLETIONS
        self._files: list[File] = []
        self._rows: list[Sequence[Any]] = []
        self._bytes = 0

    def add(self, values: Sequence[Any], size: int) -> None:
        """Add one row; `size` is its payload in bytes."""
        self._rows.append(values)
        self._bytes += size
        full = len(self._rows) >= (_COMPLETIONS if self._heavy else _NARROW)
        if full or (self._heavy and self._bytes >= _BYTES):
            self._flush()

    def finished(self) -> list[File]:
        """Write the last rows, and return all files."""
        self._flush()
        return self._files

    def _flush(self) -> None:
        if not self._rows:
            return
        schema = self._table.file_schema
        pairs = zip(zip(*self._rows, strict=True), schema, strict=True)
        rows = pa.Table.from_arrays([pa.array(column, kind.type) for column, kind in pairs], schema=schema)
        self._rows, self._bytes = [], 0
        # The partition was empty, and each of the file's rows has a key of its own: `check` saw to that.
        there = sum(file.rows for file in self._files)
        self._files.append(self._lake.put(self._table.name, rows, self._partition, after=there))


def _size(row: Row) -> int:
    tokens = sum(array.nbytes for array in (row.token_ids, row.token_logprobs) if array is not None)
    return len(row.completion or "") + tokens


# Each function returns a row's values for one table, in the order of the columns in its files; None if the table does
# not get the row. `attempt` joins a sample to its completion. It is made from the run id, so that it is the same
# however often the import is started.


def _completion(row: Row, attempt: str, _: str) -> Sequence[Any] | None:
    if row.completion is None:
        return None
    return row.problem_id, row.sample_index, attempt, row.completion, row.token_ids, row.token_logprobs


def _sample(row: Row, attempt: str, _: str) -> Sequence[Any] | None:
    if row.counts is not None:
        return None
    facts = (row.tokens, row.cumulative_logprob, row.finish_reason, row.stop_reason, row.seed)
    return row.problem_id, row.sample_index, *facts, attempt, row.error


def _verdict(row: Row, _: str, version: str) -> Sequence[Any] | None:
    if row.verdict is None:
        return None
    said = (row.verdict.status, row.verdict.reward, row.verdict.answer, row.verdict.detail, row.seconds)
    return row.problem_id, row.sample_index, version, 1, *said


def _counts(row: Row, _: str, __: str) -> Sequence[Any] | None:
    counts = row.counts
    return None if counts is None else (row.problem_id, counts.n, counts.c, counts.errors, counts.timeouts)


_VALUES = {COMPLETIONS.name: _completion, SAMPLES.name: _sample, VERDICTS.name: _verdict, COUNTS.name: _counts}
