"""List the files of a table snapshot, filtered by partition values."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

import pyarrow as pa
from deltalake import DeltaTable

from samples.lake.storage import explained
from samples.lake.tables import Tables
from samples_schemas import Table


@dataclass(frozen=True)
class Selection:
    """What a query keeps: run ids, a dataset and verifiers; None keeps all of them.

    `problems` says that a query keeps only some problems. Then two tables list these: `kept` (run_id, problem_id) and
    `kept_problems` (dataset, problem_id, problem_hash).
    """

    runs: frozenset[str] | None = None
    problems: bool = False
    dataset: str | None = None
    verifiers: frozenset[str] | None = None

    def holds(self, partition: Mapping[str, str]) -> bool:
        """Return whether a file with these partition values may hold rows to keep."""
        dataset = None if self.dataset is None else frozenset({self.dataset})
        left = {"run_id": self.runs, "verifier": self.verifiers, "dataset": dataset}
        return all((some := left.get(name)) is None or value in some for name, value in partition.items())


EVERYTHING = Selection()
_PATTERN = re.compile(r"[*?\[]")  # DuckDB takes a path with one of these for a pattern of paths


@dataclass(frozen=True)
class SnapshotFile:
    """One file of a table: its path in DuckDB's form, its size in bytes, its partition values.

    The path is lake://TABLE/FILE on an object store, and wherever DuckDB would take the file's own path for a pattern.
    `pass_id` is the pass of all its verdicts, if they are of one pass and the commit says so.
    """

    path: str
    size: int
    partition: dict[str, str]
    pass_id: int | None = None


def snapshot_files(lake: Tables, table: Table, kept: Selection = EVERYTHING) -> list[SnapshotFile]:
    """Return the files of a table's snapshot whose partition values `kept` keeps."""
    snapshot = lake.delta(table.name)
    if snapshot is None:
        return []
    with explained(lake.place.table_uri(table.name)):
        adds = added_files(snapshot)
    values = [adds[f"partition.{column}"].to_pylist() for column in table.partition_by]
    partitions = [dict(zip(table.partition_by, row, strict=True)) for row in zip(*values, strict=True)]
    paths, root = [*map(unquote, adds["path"].to_pylist())], lake.place.table_uri(table.name)
    if not lake.place.is_local or any(map(_PATTERN.search, (root, *paths))):
        root = f"lake://{table.name}"
    there = [paths, adds["size_bytes"].to_pylist(), partitions or [{}] * len(adds), _passes(adds)]
    return [
        SnapshotFile(f"{root}/{path}", size, partition, number)
        for path, size, partition, number in zip(*there, strict=True)
        if kept.holds(partition)
    ]


def added_files(snapshot: DeltaTable) -> pa.Table:
    """Return a row per file of a snapshot: path, size_bytes, partition.COLUMN, min.COLUMN and max.COLUMN."""
    # pa.table() would check for a pandas frame, and import pandas for that, which takes a second.
    return pa.RecordBatchReader.from_stream(snapshot.get_add_actions(flatten=True)).read_all()


def _passes(adds: pa.Table) -> list[int | None]:
    """Return the pass of each file; None if its verdicts may be of several passes."""
    if "min.pass_id" not in adds.column_names:
        return [None] * len(adds)
    ranges = zip(adds["min.pass_id"].to_pylist(), adds["max.pass_id"].to_pylist(), strict=True)
    return [first if first == last else None for first, last in ranges]
