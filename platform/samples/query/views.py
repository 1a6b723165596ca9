"""Make the views of a lake in a DuckDB connection.

The views read tables (schema `lake`). A table is the exact list of files that the pinned commits name, never a pattern.
Filters apply to the tables, once for all views: runs and verifiers are left out as whole files, problems row by row.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import duckdb
import pyarrow as pa

import samples_queries
from samples.errors import UsageError, meant
from samples.lake.files import EVERYTHING, Selection, SnapshotFile, snapshot_files
from samples.lake.tables import Tables
from samples.query.connection import lock
from samples_schemas import TABLES, VIEWS, Table
from samples_schemas.table import LABELS, LOGPROBS, TOKEN_IDS

_FEW = 8  # pairs of run and verifier


@cache
def beneath(view: str) -> frozenset[str]:
    """Return the tables that a view reads, directly or through other views."""
    return frozenset(
        table
        for name in samples_queries.header(f"views/{view}").reads
        for table in ([name.removeprefix("lake.")] if name.startswith("lake.") else beneath(name))
    )


def tables(views: Iterable[str]) -> frozenset[str]:
    """Return the tables that these views read."""
    return frozenset[str]().union(*map(beneath, views))


class Views:
    """The views of a pinned lake in one connection. At first there are none.

    The connection is locked before its first read. It reads the files of the tables beneath `reads`, and nothing else.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, lake: Tables, reads: Iterable[str] = VIEWS) -> None:
        self.connection = connection
        self.lake = lake
        self._files = {name: snapshot_files(lake, TABLES[name]) for name in tables(reads)}
        self._related: dict[str, tuple[list[str], str]] = {}  # for each table: its files, and SQL for the rows kept
        self._defined: set[str] = set()
        self._judges: list[dict[str, str]] = []  # values to fill into views
        self._remote: Any = None
        connection.execute("CREATE SCHEMA lake")
        files = [file for some in self._files.values() for file in some]
        if served := [(file.path, file.size) for file in files if "://" in file.path]:
            from samples.lake.filesystem import SnapshotFileSystem

            self._remote = SnapshotFileSystem(lake.place.read)
            self._remote.add(served)
            connection.register_filesystem(self._remote)
        lock(connection, (file.path for file in files))

    @property
    def failure(self) -> Exception | None:
        """The error of the lake's store, if DuckDB failed because of it."""
        return self._remote and self._remote.failure

    def create(self, names: Iterable[str], kept: Selection = EVERYTHING) -> None:
        """Create views among `reads`, and all that they read. Make those again that held other rows before."""
        order = list(in_order(names))
        changed: set[str] = set()
        for name in sorted(tables(order)):
            files = [file for file in self._files[name] if kept.holds(file.partition)]
            related = [file.path for file in files], _kept(TABLES[name], kept)
            if self._related.get(name) == related:
                continue
            relate(self.connection, TABLES[name], related[0], kept)
            self._related[name] = related
            changed.add(name)
            if name == "verdicts":
                self._judges = _judges(files)
        self._defined = {name for name in self._defined if not beneath(name) & changed}
        missing = [name for name in order if name not in self._defined]
        define(self.connection, missing, self._judges)
        self._defined.update(missing)


def define(
    connection: duckdb.DuckDBPyConnection, names: Iterable[str], judges: Sequence[Mapping[str, str]] = ()
) -> None:
    """Create these views in the given order, in which each comes after those it reads. Schema `lake` must be there.

    `judges` holds the values to fill into views for each pair of run and verifier, if these are known.
    """
    for name in names:
        select = _select(name, judges)
        if samples_queries.header(f"views/{name}").made == ("once",):
            made = connection.execute(f"CREATE OR REPLACE TABLE lake.{name} AS {select}").fetchall()
            # If there are no rows, DuckDB need not plan or run what reads them.
            select = f"FROM lake.{name}" if made != [(0,)] else f"FROM lake.{name} WHERE false"
        connection.execute(f"CREATE OR REPLACE VIEW {name} AS {select}")


def _select(view: str, judges: Sequence[Mapping[str, str]]) -> str:
    """Return a view's SQL.

    While there are few pairs of run and verifier, the verdicts of each are grouped apart: DuckDB groups by one column
    of a dictionary in two thirds of the time that it takes for several. Planning takes longer with each part.
    """
    text = samples_queries.text(f"views/{view}")
    if not samples_queries.header(f"views/{view}").each:
        return text
    return "UNION ALL\n".join(text.format(**judge) for judge in (judges if 0 < len(judges) <= _FEW else [_ANY_JUDGE]))


_ANY_JUDGE = {"run_id": "run_id", "verifier": "verifier", "first_pass": "min(pass_id)", "last_pass": "max(pass_id)"}


def _judges(verdicts: Iterable[SnapshotFile]) -> list[dict[str, str]]:
    """Return the values to fill into views for each pair of run and verifier that has verdicts."""
    passes: dict[tuple[str, str], set[int | None]] = {}
    for file in verdicts:
        passes.setdefault((file.partition["run_id"], file.partition["verifier"]), set()).add(file.pass_id)
    return [
        _ANY_JUDGE
        | {"run_id": _quoted(run), "verifier": _quoted(verifier)}
        | (dict.fromkeys(("first_pass", "last_pass"), str(*found)) if len(found) == 1 and None not in found else {})
        for (run, verifier), found in passes.items()
    ]


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def relate(connection: duckdb.DuckDBPyConnection, table: Table, paths: list[str], kept: Selection) -> None:
    """Create the relation lake.TABLE over these files."""
    columns = ", ".join(table.schema.names)
    if paths:
        hive = ", ".join(f"'{column}': VARCHAR" for column in table.partition_by)
        hive = f", hive_partitioning = true, hive_types = {{{hive}}}" if hive else ", hive_partitioning = false"
        connection.execute(f"SET VARIABLE {table.name}_files = $paths", {"paths": paths})
        source = f"read_parquet(getvariable('{table.name}_files'){hive})"
        if table.name == "runs":
            source = _WHOLE_RUNS.format(rows=source)
    else:
        nothing = ", ".join(f"NULL::{_SQL_TYPES[column.type]} AS {column.name}" for column in table.columns)
        source = f"(SELECT {nothing} WHERE false)"
    connection.execute(
        f"CREATE OR REPLACE VIEW lake.{table.name} AS SELECT {columns} FROM {source} {_kept(table, kept)}"  # noqa: S608 - names of our own
    )


# An imported run has a further row for the problems that a longer file brought.
_WHOLE_RUNS = """(
    SELECT
        run_id,
        COLUMNS(* EXCLUDE (run_id, problem_hashes, created_at)).arg_min(created_at),
        map_from_entries(flatten(list(map_entries(problem_hashes)))) AS problem_hashes,
        min(created_at) AS created_at
    FROM {rows}
    GROUP BY run_id
)"""


def _kept(table: Table, kept: Selection) -> str:
    """Return the SQL that keeps the selected rows of a table."""
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
    """Return the columns of all views, or of one view: view, column, type, meaning.

    Raises:
        UsageError: There is no such view.
    """
    if name is not None and name not in VIEWS:
        raise UsageError(f'there is no view "{name}"{meant(name, VIEWS)}; views are {", ".join(VIEWS)}')
    rows = [
        {"view": view.name, "column": column.name, "type": _SQL_TYPES[column.type], "meaning": column.meaning}
        for view in VIEWS.values()
        if name in {None, view.name}
        for column in view.columns
    ]
    return pa.Table.from_pylist(rows)
