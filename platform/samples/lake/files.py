"""List the files of a table snapshot, filtered by partition values."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
from deltalake import DeltaTable

from samples.lake.log import added_files
from samples.lake.stated import Facts, repeats_no_key
from samples.lake.storage import explained
from samples.lake.tables import Tables
from samples_schemas import Table


@dataclass(frozen=True)
class Selection:
    """What a query keeps: run ids, a dataset, verifiers and ids of scorers; None keeps all of them.

    `problems` says that a query keeps only some problems. Then two tables list these: `kept` (run_id, problem_id) and
    `kept_problems` (dataset, problem_id, problem_hash).
    """

    runs: frozenset[str] | None = None
    problems: bool = False
    dataset: str | None = None
    verifiers: frozenset[str] | None = None
    scorers: frozenset[str] | None = None

    def holds(self, partition: Mapping[str, str]) -> bool:
        """Return whether a file with these partition values may hold rows to keep."""
        dataset = None if self.dataset is None else frozenset({self.dataset})
        left = {"run_id": self.runs, "verifier": self.verifiers, "dataset": dataset, "scorer_id": self.scorers}
        return all((some := left.get(name)) is None or value in some for name, value in partition.items())


EVERYTHING = Selection()
_OF_A_RUN = ["dataset", "run_id"]  # how samples and completions are partitioned
_PATTERN = re.compile(r"[*?\[]")  # DuckDB takes a path with one of these for a pattern of paths


@dataclass(frozen=True)
class SnapshotFile:
    """One file of a table: its path in DuckDB's form, its size in bytes, its partition values.

    The path is lake://TABLE/FILE on an object store, and wherever DuckDB would take the file's own path for a pattern.
    `pass_id` is the pass of all its verdicts, if they are of one pass and the commit says so. `rows` is their number,
    and `ranges` holds the least and the greatest value of each column of which the commit says so.
    """

    path: str
    size: int
    partition: dict[str, str]
    pass_id: int | None = None
    rows: int | None = None
    ranges: tuple[tuple[Any, Any], ...] = ()


def path_within(lake: Tables, table: str, file: SnapshotFile) -> str:
    """Return a file's path within its table's folder."""
    for root in (lake.place.table_uri(table), f"lake://{table}"):
        if file.path.startswith(f"{root}/"):
            return file.path.removeprefix(f"{root}/")
    raise ValueError(file.path)


def snapshot_files(
    lake: Tables, table: Table, kept: Selection = EVERYTHING, snapshot: DeltaTable | None = None
) -> list[SnapshotFile]:
    """Return the files of a table's snapshot (the newest one by default) whose partition values `kept` keeps."""
    snapshot = snapshot or lake.delta(table.name)
    if snapshot is None:
        return []
    with explained(lake.place.table_uri(table.name)):
        adds = added_files(snapshot)
    values = [adds[f"partition.{column}"].to_pylist() for column in table.partition_by]
    partitions = [dict(zip(table.partition_by, row, strict=True)) for row in zip(*values, strict=True)]
    paths = [*map(unquote, adds["path"].to_pylist())]
    root = lake.place.table_uri(table.name)
    if not lake.place.is_local or any(map(_PATTERN.search, (root, *paths))):
        root = f"lake://{table.name}"
    there = [
        paths,
        adds["size_bytes"].to_pylist(),
        partitions or [{}] * len(adds),
        _passes(adds),
        adds["num_records"].to_pylist(),
        _ranges(adds),
    ]
    return [
        SnapshotFile(f"{root}/{path}", size, partition, *facts)
        for path, size, partition, *facts in zip(*there, strict=True)
        if kept.holds(partition) and lake.shows(path)
    ]


def repeating(files: Iterable[SnapshotFile]) -> list[SnapshotFile]:
    """Return the files of the partitions in which a key may be twice, as far as their commits say.

    A dataset is no part of a sample's key: another program may have appended samples of a run to another dataset.
    """
    partitions: dict[tuple[str, ...], list[SnapshotFile]] = {}
    for file in files:
        values = tuple(file.partition.values())
        partitions.setdefault(values[1:] if [*file.partition] == _OF_A_RUN else values, []).append(file)
    return [
        file
        for some in partitions.values()
        if not repeats_no_key([Facts(file.path, file.rows, file.ranges) for file in some])
        for file in some
    ]


def _passes(adds: pa.Table) -> list[int | None]:
    """Return the pass of each file; None if its verdicts may be of several passes."""
    if "min.pass_id" not in adds.column_names:
        return [None] * len(adds)
    ranges = zip(adds["min.pass_id"].to_pylist(), adds["max.pass_id"].to_pylist(), strict=True)
    return [first if first == last else None for first, last in ranges]


def _ranges(adds: pa.Table) -> list[tuple[tuple[Any, Any], ...]]:
    """Return the ranges of each file, column by column."""
    columns = [name.removeprefix("min.") for name in adds.column_names if name.startswith("min.")]
    pairs = [zip(adds[f"min.{name}"].to_pylist(), adds[f"max.{name}"].to_pylist(), strict=True) for name in columns]
    return list(zip(*pairs, strict=True)) if columns else [()] * len(adds)
