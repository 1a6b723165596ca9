"""The views of a lake in a DuckDB connection.

Below the views stand the tables (schema `lake`): the exact list of files that the pinned commits name, never a
pattern. What filters leave out is left out there, once, for every view: whole files where a run is left out, rows
where a problem is.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import duckdb
import pyarrow as pa

import samples_queries
from samples.errors import UsageError
from samples.lake import Lake
from samples.storage import explained
from samples_schemas import TABLES, VIEWS, Table
from samples_schemas.table import LABELS, LOGPROBS, TOKEN_IDS


@dataclass(frozen=True)
class Kept:
    """What filters left: ids of runs and a dataset (None: all), and whether `kept` and `kept_problems` hold the rest.

    The table `kept` has the columns run_id and problem_id; `kept_problems` dataset, problem_id and problem_hash.
    """

    runs: frozenset[str] | None = None
    problems: bool = False
    dataset: str | None = None


@dataclass(frozen=True)
class Piece:
    """One file of a table: its path as DuckDB is given it, its size in bytes, its partition values."""

    path: str
    size: int
    partition: dict[str, str]


@cache
def beneath(view: str) -> frozenset[str]:
    """Return the tables that a view stands on, whatever lies between."""
    return frozenset(
        table
        for name in samples_queries.header(f"views/{view}").reads
        for table in ([name.removeprefix("lake.")] if name.startswith("lake.") else beneath(name))
    )


def tables(views: Iterable[str]) -> frozenset[str]:
    """Return the tables that views stand on."""
    return frozenset[str]().union(*map(beneath, views))


def pieces(lake: Lake, table: Table, runs: frozenset[str] | None = None, dataset: str | None = None) -> list[Piece]:
    """Return the files of a table's snapshot: those of some runs, of a dataset, where files are kept apart by them."""
    snapshot = lake.delta(table.name)
    if snapshot is None:
        return []
    with explained(lake.place.table_uri(table.name)):
        # pa.table would first ask whether it is a pandas frame, and import pandas for that: a second
        adds = pa.RecordBatchReader.from_stream(snapshot.get_add_actions(flatten=True)).read_all()
    values = [adds[f"partition.{column}"].to_pylist() for column in table.partition_by]
    partitions = [dict(zip(table.partition_by, row, strict=True)) for row in zip(*values, strict=True)]
    root = lake.place.table_uri(table.name) if lake.place.is_local else f"lake://{table.name}"
    found = zip(adds["path"].to_pylist(), adds["size_bytes"].to_pylist(), partitions or [{}] * len(adds), strict=True)
    return [
        Piece(f"{root}/{path}", size, partition)
        for path, size, partition in found
        if (runs is None or "run_id" not in partition or partition["run_id"] in runs)
        and (dataset is None or partition.get("dataset", dataset) == dataset)
    ]


class Views:
    """The views of one pinned snapshot of a lake in one connection; `paths` are the files that they read."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, lake: Lake, reads: Iterable[str]) -> None:
        """Pin what the views `reads` stand on; nothing is created yet."""
        self.connection = connection
        self.lake = lake.pin(tables(reads))
        self.paths: set[str] = set()
        self._remote: Any = None
        connection.execute("CREATE SCHEMA lake")
        if not lake.place.is_local:
            from samples.remote import LakeFiles

            self._remote = LakeFiles(lake.place.read)
            connection.register_filesystem(self._remote)

    @property
    def failure(self) -> Exception | None:
        """What went wrong at the lake's store, when DuckDB failed because of it."""
        return self._remote and self._remote.failure

    def create(self, names: Iterable[str], kept: Kept = Kept()) -> None:
        """Create these views, and all that they stand on, anew."""
        names = list(names)
        for name in sorted(tables(names)):
            files = pieces(self.lake, TABLES[name], kept.runs, kept.dataset)
            if self._remote:
                self._remote.add((file.path, file.size) for file in files)
            relate(self.connection, TABLES[name], [file.path for file in files], kept)
            self.paths.update(file.path for file in files)
        define(self.connection, names)


def define(connection: duckdb.DuckDBPyConnection, names: Iterable[str]) -> None:
    """Create these views over the relations of schema `lake`, which are there."""
    for name in in_order(names):
        kind = "VIEW" if name in VIEWS else "TABLE"  # what views share, and no question names, is computed once
        connection.execute(f"CREATE OR REPLACE {kind} {name} AS {samples_queries.text(f'views/{name}')}")


def relate(connection: duckdb.DuckDBPyConnection, table: Table, paths: list[str], kept: Kept) -> None:
    """Create the relation lake.TABLE over these files."""
    columns = ", ".join(table.schema.names)
    if paths:
        hive = ", ".join(f"'{column}': VARCHAR" for column in table.partition_by)
        hive = f", hive_partitioning = true, hive_types = {{{hive}}}" if hive else ", hive_partitioning = false"
        connection.execute(f"SET VARIABLE {table.name}_files = $paths", {"paths": paths})
        source = f"read_parquet(getvariable('{table.name}_files'){hive})"
    else:
        nothing = ", ".join(f"NULL::{_SQL_TYPES[column.type]} AS {column.name}" for column in table.columns)
        source = f"(SELECT {nothing} WHERE false)"
    connection.execute(
        f"CREATE OR REPLACE VIEW lake.{table.name} AS SELECT {columns} FROM {source} {_kept(table, kept)}"  # noqa: S608 - names of our own
    )


def _kept(table: Table, kept: Kept) -> str:
    """Say in SQL which rows of a table filters leave."""
    names = set(table.schema.names)
    if table.name == "problems":
        return "SEMI JOIN kept_problems USING (dataset, problem_id, problem_hash)" if kept.problems else ""
    if kept.problems and {"run_id", "problem_id"} <= names:
        return "SEMI JOIN kept USING (run_id, problem_id)"
    if kept.runs is not None and "run_id" in names and "run_id" not in table.partition_by:
        return f"WHERE run_id IN ({', '.join(repr(run) for run in sorted(kept.runs)) or 'NULL'})"
    return ""


def in_order(views: Iterable[str]) -> Iterator[str]:
    """Yield views after those they read."""
    done: set[str] = set()

    def visit(name: str) -> Iterator[str]:
        if name in done:
            return
        done.add(name)
        for read in samples_queries.header(f"views/{name}").reads:
            if not read.startswith("lake."):
                yield from visit(read)
        yield name

    for name in views:
        yield from visit(name)


_SQL_TYPES: dict[pa.DataType, str] = {
    pa.string(): "VARCHAR",
    pa.int32(): "INTEGER",
    pa.int64(): "BIGINT",
    pa.float32(): "FLOAT",
    pa.float64(): "DOUBLE",
    pa.timestamp("us", tz="UTC"): "TIMESTAMP WITH TIME ZONE",
    TOKEN_IDS: "INTEGER[]",
    LOGPROBS: "FLOAT[]",
    LABELS: "MAP(VARCHAR, VARCHAR)",
}


def describe(name: str | None = None) -> pa.Table:
    """Return the reference of views: view, column, type, meaning; of one view when it is named.

    Raises:
        UsageError: There is no such view.
    """
    if name is not None and name not in VIEWS:
        raise UsageError(f'there is no view "{name}"; views are {", ".join(VIEWS)}')
    rows = [
        {"view": view.name, "column": column.name, "type": _SQL_TYPES[column.type], "meaning": column.meaning}
        for view in VIEWS.values()
        if name in {None, view.name}
        for column in view.columns
    ]
    return pa.Table.from_pylist(rows)
