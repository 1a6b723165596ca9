"""Read a file for the second time: write its rows as tables of the lake.

Completions are committed first, samples second, then verdicts and counts. Each table's rows are one commit. After a
kill a table is there whole or not at all, and importing again adds the missing tables. A row whose key the lake has is
not written again. Files hold about 20,000 completions or 64 MB, so memory is bounded; keys take a bit per sample.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
from deltalake.exceptions import CommitFailedError

from samples.errors import LakeError, UsageError
from samples.exchange.imports.check import Contents
from samples.exchange.imports.keys import Keys
from samples.exchange.imports.progress import Progress, Watch
from samples.exchange.imports.row import Judged, Row
from samples.files.errors import BadRow
from samples.lake import leases
from samples.lake.commits import Claim
from samples.lake.log import rows_there
from samples.lake.parquet import File
from samples.lake.storage import explained
from samples.lake.tables import Tables
from samples.runs.run import Run
from samples_schemas import COMPLETIONS, COUNTS, SAMPLES, TABLES, VERDICTS, Table

_ORDER = (COMPLETIONS.name, SAMPLES.name, VERDICTS.name, COUNTS.name)
_COMPLETIONS, _NARROW, _BYTES = 20_000, 200_000, 64 << 20  # rows of a file; bytes of a file of completions
_TRIES = 10  # each is lost only to another import of the same run that commits

Rows = Iterable[tuple[str, Row | BadRow]]
Placed = tuple[File, Mapping[str, str]]  # a file and its partition values


class Store:
    """Writes an imported run's rows into a lake."""

    def __init__(self, lake: Tables, run: Run, version: str, held: Contents, verifier: str) -> None:
        """Prepare to write what `held` counts. `verifier` and `version` are for what the file names none of."""
        self._lake, self._run, self._version = lake, run, version
        # How many rows the file has for each table and verifier; the verifier is "" where the table has none.
        self._rows: dict[tuple[str, str], int] = {
            (COMPLETIONS.name, ""): held.completions,
            (SAMPLES.name, ""): held.samples,
            **{(VERDICTS.name, judge): counted.total() for judge, counted in held.verdicts.items()},
            (COUNTS.name, verifier): held.counts,
        }
        self._rows = {part: count for part, count in self._rows.items() if count}

    def store(self, rows: Callable[[], Rows], watch: Watch) -> list[str]:
        """Add the rows that the lake lacks. Return the tables that got rows.

        `rows` reads all rows of the file. Rows that the lake has must be equal: see `grow`.

        Raises:
            UsageError: The rows changed since they were checked. Nothing is committed.
            LakeError: The lake cannot be written. What was committed stays.
        """
        with leases.held(self._lake.place, self._run.run_id, "samples import", alone=False):
            return self._stored(rows, watch)

    def _stored(self, rows: Callable[[], Rows], watch: Watch) -> list[str]:
        added: set[str] = set()
        for _ in range(_TRIES):
            claims = {
                name: self._lake.claim(name, self._run.run_id) for name in dict.fromkeys(name for name, _ in self._rows)
            }
            lost = False
            for name, files in self._written(claims, rows, watch).items():
                if self.commit(name, files, claims[name]):
                    added.add(name)
                else:
                    lost = True
            if not lost:
                return [name for name in _ORDER if name in added]
        raise LakeError(f"run {self._run.name}: other imports of it commit all the time; try again later")

    def commit(self, name: str, files: Sequence[Placed], claim: Claim) -> bool:
        """Commit a table's files. Return False if another import of this run committed first."""
        try:
            self._lake.commit(name, files, claim)
        except CommitFailedError:
            return False
        return True

    def _written(self, claims: Mapping[str, Claim], rows: Callable[[], Rows], watch: Watch) -> dict[str, list[Placed]]:
        """Write files of the rows that are missing. Return them by table, in the order to commit."""
        there = {part: self._keys(part, claims[part[0]]) for part in self._rows}
        if all(len(there[part]) == count for part, count in self._rows.items()):
            return {}  # the lake has the whole file: there is no need to read it again
        sinks: dict[tuple[str, str], _Sink] = {}
        for part in self._rows:
            partition = self._partition(part)
            before = rows_there(claims[part[0]].snapshot, partition)
            sinks[part] = _Sink(self._lake, TABLES[part[0]], partition, before)
        progress = Progress(watch, f"writing {', '.join(dict.fromkeys(name for name, _ in sinks))}")
        attempt = self._run.run_id.removeprefix("r")
        for number, (place, row) in enumerate(rows(), 1):
            if isinstance(row, BadRow):
                raise UsageError(f"{place}: changed while it was read; nothing is imported")
            key = row.problem_id, row.sample_index or 0
            for part, values in _values(row, attempt, self._version):
                if key not in there[part]:
                    sinks[part].add(values, _size(row))
            progress.update(number)
        found: dict[str, list[Placed]] = {}
        for (name, _), sink in sinks.items():
            if files := sink.finished():
                found.setdefault(name, []).extend(files)
        return {name: found[name] for name in _ORDER if name in found}

    def _keys(self, part: tuple[str, str], claim: Claim) -> Keys:
        """Read the keys of the rows that a table has of this run, and of the verifier."""
        name, _ = part
        columns = [column for column in ("problem_id", "sample_index") if column in TABLES[name].schema.names]
        keys = Keys()
        with explained(self._lake.place.table_uri(name)):
            for batch in self._lake.dataset(name, claim.snapshot, **self._partition(part)).to_batches(columns=columns):
                keys.add(*(batch[column].to_pylist() for column in columns))
        return keys

    def _partition(self, part: tuple[str, str]) -> dict[str, str]:
        name, verifier = part
        values = {**self._run.partition, "verifier": verifier}
        return {column: values[column] for column in TABLES[name].partition_by}


class _Sink:
    """Collects the rows of one table and writes them as files."""

    def __init__(self, lake: Tables, table: Table, partition: Mapping[str, str], there: int | None) -> None:
        """Prepare to write rows whose keys are new to a partition with `there` rows."""
        self._lake, self._table, self._partition, self._there = lake, table, partition, there
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

    def finished(self) -> list[Placed]:
        """Write the last rows, and return all files."""
        self._flush()
        return [(file, self._partition) for file in self._files]

    def _flush(self) -> None:
        if not self._rows:
            return
        schema = self._table.file_schema
        pairs = zip(zip(*self._rows, strict=True), schema, strict=True)
        rows = pa.Table.from_arrays([pa.array(column, kind.type) for column, kind in pairs], schema=schema)
        self._rows, self._bytes = [], 0
        file = self._lake.put(self._table.name, rows, self._partition, after=self._there)
        self._there = None if self._there is None else self._there + file.rows
        self._files.append(file)


def _size(row: Row) -> int:
    tokens = sum(array.nbytes for array in (row.token_ids, row.token_logprobs) if array is not None)
    return len(row.completion or "") + tokens


def _values(row: Row, attempt: str, version: str) -> Iterator[tuple[tuple[str, str], Sequence[Any]]]:
    """Yield the table and verifier of each value that a row gives, and the values in the order of the file's columns.

    `attempt` joins a sample to its completion. It is made from the run id, so that it is the same however often the
    import is started.
    """
    if row.completion is not None:
        payload = (row.completion, row.token_ids, row.token_logprobs)
        yield (COMPLETIONS.name, ""), (row.problem_id, row.sample_index, attempt, *payload)
    if (counts := row.counts) is not None:
        yield (COUNTS.name, row.verifier), (row.problem_id, counts.n, counts.c, counts.errors, counts.timeouts)
    else:
        facts = (row.tokens, row.cumulative_logprob, row.finish_reason, row.stop_reason, row.seed)
        yield (SAMPLES.name, ""), (row.problem_id, row.sample_index, *facts, attempt, row.error)
    for one in row.verdicts:
        yield (VERDICTS.name, one.verifier), (row.problem_id, row.sample_index, *_verdict(one, version))


def _verdict(one: Judged, version: str) -> Sequence[Any]:
    said = (one.verdict.status, one.verdict.reward, one.verdict.answer, one.verdict.detail, one.seconds)
    return one.version or version, 1, *said
