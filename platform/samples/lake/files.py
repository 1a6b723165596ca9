"""Files of a table that a question reads: those of a pinned commit, as far as partitions tell what is left."""

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from samples.lake.storage import explained
from samples.lake.tables import Tables
from samples_schemas import Table


@dataclass(frozen=True)
class Selection:
    """What filters and parameters leave: ids of runs, a dataset, verifiers (None: all); `problems` if not all of these.

    Then two tables say which: `kept` (run_id, problem_id) and `kept_problems` (dataset, problem_id, problem_hash).
    """

    runs: frozenset[str] | None = None
    problems: bool = False
    dataset: str | None = None
    verifiers: frozenset[str] | None = None

    def holds(self, partition: Mapping[str, str]) -> bool:
        """Whether a file with these partition values is left."""
        dataset = None if self.dataset is None else frozenset({self.dataset})
        left = {"run_id": self.runs, "verifier": self.verifiers, "dataset": dataset}
        return all((some := left.get(name)) is None or value in some for name, value in partition.items())


EVERYTHING = Selection()


@dataclass(frozen=True)
class SnapshotFile:
    """One file of a table: its path as DuckDB is given it, its size in bytes, its partition values.

    `pass_id` is the pass of all its verdicts, if its commit says so.
    """

    path: str
    size: int
    partition: dict[str, str]
    pass_id: int | None = None


def snapshot_files(lake: Tables, table: Table, kept: Selection = EVERYTHING) -> list[SnapshotFile]:
    """Return the files of a table's snapshot that are left, as far as their partitions tell."""
    snapshot = lake.delta(table.name)
    if snapshot is None:
        return []
    with explained(lake.place.table_uri(table.name)):
        # pa.table would first ask whether it is a pandas frame, and import pandas for that: a second
        adds = pa.RecordBatchReader.from_stream(snapshot.get_add_actions(flatten=True)).read_all()
    values = [adds[f"partition.{column}"].to_pylist() for column in table.partition_by]
    partitions = [dict(zip(table.partition_by, row, strict=True)) for row in zip(*values, strict=True)]
    root = lake.place.table_uri(table.name) if lake.place.is_local else f"lake://{table.name}"
    there = [adds["path"].to_pylist(), adds["size_bytes"].to_pylist(), partitions or [{}] * len(adds), _passes(adds)]
    return [
        SnapshotFile(f"{root}/{path}", size, partition, number)
        for path, size, partition, number in zip(*there, strict=True)
        if kept.holds(partition)
    ]


def _passes(adds: pa.Table) -> list[int | None]:
    """Return the one pass of each file; None where there may be several."""
    if "min.pass_id" not in adds.column_names:
        return [None] * len(adds)
    ranges = zip(adds["min.pass_id"].to_pylist(), adds["max.pass_id"].to_pylist(), strict=True)
    return [first if first == last else None for first, last in ranges]
