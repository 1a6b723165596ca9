"""Make the views of a lake in a DuckDB connection.

The views read tables (schema `lake`). A table is the exact list of files that the pinned commits name, never a pattern.
Filters apply to the tables, once for all views: runs and verifiers are left out as whole files, problems row by row.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import duckdb
import pyarrow as pa

import samples_queries
from samples.errors import UsageError, meant
from samples.lake import checksums
from samples.lake.files import EVERYTHING, Selection, SnapshotFile, repeating, snapshot_files
from samples.lake.tables import Tables
from samples.query import lost, repeats
from samples.query.answer_keys import add_answer_key
from samples.query.connection import lock
from samples_schemas import COMPLETIONS, SCORE_LOGPROBS, TABLES, VIEWS, Table
from samples_schemas.table import LABELS, LOGPROBS, TOKEN_IDS

_FEW = 8  # pairs of run and verifier
_MOST_COMPARED = 1 << 30  # bytes of texts and tokens that one question compares with their checksums


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
        self._engines: dict[str, str] | None = None  # of every run
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
        read = {
            name: [file for file in self._files[name] if kept.holds(file.partition)] for name in sorted(tables(order))
        }
        for name, files in read.items():
            related = [file.path for file in files], _kept(TABLES[name], kept, self.lake.hidden)
            if self._related.get(name) == related:
                continue
            heavy = TABLES[name] in (COMPLETIONS, SCORE_LOGPROBS)
            local = [path for path in related[0] if "://" not in path]
            checksums.verify(local, most=_MOST_COMPARED if heavy else None)
            doubtful = [file.path for file in repeating(files)]
            relate(self.connection, TABLES[name], related[0], kept, doubtful, self.lake.hidden)
            self._related[name] = related
            changed.add(name)
            if name == "verdicts":
                self._judges = _judges(files)
        if "runs" in changed and kept.runs is None and not kept.problems:
            self._engines = dict(self.connection.execute("SELECT run_id, engine FROM lake.runs").fetchall())
        if self._engines is not None:
            lost.check(self.lake, read, self._engines)
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
        if name == "given_answers":
            add_answer_key(connection)
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


def relate(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    paths: Sequence[str],
    kept: Selection,
    doubtful: Sequence[str] = (),
    hidden: Collection[str] = (),
) -> None:
    """Create the relation lake.TABLE over these files, without the rows of `hidden` runs.

    Keys of the files `doubtful` may be there twice: the first row of a key stays. In a table without partitions, which
    is small, all files are then taken for doubtful.
    """
    certain = [path for path in paths if path not in set(doubtful)]
    sources = [_files(connection, table, "files", certain)] if certain or not doubtful else []
    if doubtful and table.partition_by:
        found = _files(connection, table, "doubtful_files", doubtful)
        left_out = f" ANTI JOIN lake.{table.name}_repeats USING (filename, file_row_number)"
        sources.append(found + (left_out if repeats.find(connection, table, found) else ""))
    elif doubtful:
        found, key = _files(connection, table, "files", paths), ", ".join(table.key)
        sources = [f"(SELECT DISTINCT ON ({key}) * FROM {found} ORDER BY {repeats.order(table)})"]  # noqa: S608 - names of our own
    if table.name == "runs" and paths:
        sources = [_WHOLE_RUNS.format(rows=sources[0])]
    columns, left = ", ".join(table.schema.names), _kept(table, kept, hidden)
    rows = " UNION ALL ".join(f"SELECT {columns} FROM {source} {left}" for source in sources)  # noqa: S608 - names of our own
    connection.execute(f"CREATE OR REPLACE VIEW lake.{table.name} AS {rows}")


def _files(connection: duckdb.DuckDBPyConnection, table: Table, name: str, paths: Sequence[str]) -> str:
    """Return in SQL what reads files of a table. A variable holds their paths; doubtful ones get numbers of rows."""
    if not paths:
        nothing = ", ".join(f"NULL::{_SQL_TYPES[column.type]} AS {column.name}" for column in table.columns)
        return f"(SELECT {nothing} WHERE false)"
    hive = ", ".join(f"'{column}': VARCHAR" for column in table.partition_by)
    hive = f"hive_partitioning = true, hive_types = {{{hive}}}" if hive else "hive_partitioning = false"
    connection.execute(f"SET VARIABLE {table.name}_{name} = $paths", {"paths": list(paths)})
    numbers = ", filename = true, file_row_number = true" if name == "doubtful_files" else ""
    return f"read_parquet(getvariable('{table.name}_{name}'), {hive}{numbers})"


# An imported run has a further row for the problems that a longer file brought.
_WHOLE_RUNS = """(
    SELECT
        run_id,
        COLUMNS(* EXCLUDE (run_id, problem_hashes, created_at)).arg_min(created_at),
        map_from_entries(list_distinct(flatten(list(map_entries(problem_hashes))))) AS problem_hashes,
        min(created_at) AS created_at
    FROM {rows}
    GROUP BY run_id
)"""


def _kept(table: Table, kept: Selection, hidden: Collection[str] = ()) -> str:
    """Return the SQL that keeps the selected rows of a table, without those of `hidden` runs."""
    names = set(table.schema.names)
    if table.name == "problems":
        return "SEMI JOIN kept_problems USING (dataset, problem_id, problem_hash)" if kept.problems else ""
    if kept.problems and {"run_id", "problem_id"} <= names:
        return "SEMI JOIN kept USING (run_id, problem_id)"
    if "run_id" in names and "run_id" not in table.partition_by:  # else whole files are left out
        if kept.runs is not None:
            return f"WHERE run_id IN ({', '.join(map(_quoted, sorted(kept.runs))) or 'NULL'})"
        if hidden:
            return f"WHERE run_id NOT IN ({', '.join(map(_quoted, sorted(hidden)))})"
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
