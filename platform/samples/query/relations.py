"""The relations beneath the views: each shows the selected rows of one table (`lake.TABLE` in DuckDB)."""

from collections import Counter
from collections.abc import Collection, Sequence

import duckdb
import pyarrow as pa

from samples.lake.files import Selection, SnapshotFile
from samples.query import repeats, strays
from samples_schemas import Table
from samples_schemas.table import LABELS, LOGPROBS, TEXTS, TOKEN_IDS

SQL_TYPES: dict[pa.DataType, str] = {
    pa.string(): "VARCHAR",
    pa.bool_(): "BOOLEAN",
    pa.int32(): "INTEGER",
    pa.int64(): "BIGINT",
    pa.float32(): "FLOAT",
    pa.float64(): "DOUBLE",
    pa.timestamp("us", tz="UTC"): "TIMESTAMP WITH TIME ZONE",
    TEXTS: "VARCHAR[]",
    TOKEN_IDS: "INTEGER[]",
    LOGPROBS: "FLOAT[]",
    LABELS: "MAP(VARCHAR, VARCHAR)",
}


def relate(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    paths: Sequence[str],
    kept: Selection,
    doubtful: Sequence[str] = (),
    hidden: Collection[str] = (),
    suspected: Collection[str] | None = (),
) -> None:
    """Create the relation lake.TABLE over these files, without the rows of `hidden` runs.

    Keys of the files `doubtful` may be there twice: the first row of a key stays. In a table without partitions, which
    is small, all files are then taken for doubtful. Rows of the runs `suspected` (all if None) stay if lake.samples has
    their sample.
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
    columns, left = ", ".join(table.schema.names), kept_rows(table, kept, hidden)
    rows = " UNION ALL ".join(f"SELECT {columns} FROM {source} {left}" for source in sources)  # noqa: S608 - names of our own
    connection.execute(f"CREATE OR REPLACE VIEW lake.{table.name} AS {rows}")
    if (suspected is None or suspected) and strays.find(connection, table.name, suspected):
        left_out = f"ANTI JOIN lake.{table.name}_strays USING (run_id, problem_id, sample_index)"
        connection.execute(f"CREATE OR REPLACE VIEW lake.{table.name} AS FROM ({rows}) {left_out}")


def _files(connection: duckdb.DuckDBPyConnection, table: Table, name: str, paths: Sequence[str]) -> str:
    """Return in SQL what reads files of a table. A variable holds their paths; doubtful ones get numbers of rows."""
    columns = ", ".join(f"NULL::{SQL_TYPES[column.type]} AS {column.name}" for column in table.columns)
    nothing = f"SELECT {columns} WHERE false"
    if not paths:
        return f"({nothing})"
    hive = ", ".join(f"'{column}': VARCHAR" for column in table.partition_by)
    hive = f"hive_partitioning = true, hive_types = {{{hive}}}" if hive else "hive_partitioning = false"
    connection.execute(f"SET VARIABLE {table.name}_{name} = $paths", {"paths": list(paths)})
    numbers = ", filename = true, file_row_number = true" if name == "doubtful_files" else ""
    if any(column.later for column in table.columns):  # files of earlier builds lack it
        found = f"read_parquet(getvariable('{table.name}_{name}'), {hive}{numbers}, union_by_name = true)"
        return f"(FROM {found} UNION ALL BY NAME {nothing})"
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


def kept_rows(table: Table, kept: Selection, hidden: Collection[str] = ()) -> str:
    """Return the SQL that keeps the selected rows of a table, without those of `hidden` runs."""
    names = set(table.schema.names)
    if table.name == "problems":
        return "SEMI JOIN kept_problems USING (dataset, problem_id, problem_hash)" if kept.problems else ""
    if kept.problems and {"run_id", "problem_id"} <= names:
        return "SEMI JOIN kept USING (run_id, problem_id)"
    if "run_id" in names and "run_id" not in table.partition_by:  # else whole files are left out
        if kept.runs is not None:
            return f"WHERE run_id IN ({', '.join(map(quoted, sorted(kept.runs))) or 'NULL'})"
        if hidden:
            return f"WHERE run_id NOT IN ({', '.join(map(quoted, sorted(hidden)))})"
    return ""


def stored(files: Sequence[SnapshotFile]) -> str | None:
    """Return in SQL the rows of the view `stored`, if the log has the number of rows of all these files of samples."""
    if not files or any(file.rows is None for file in files):
        return None
    counts: Counter[str] = Counter()
    for file in files:
        counts[file.partition["run_id"]] += file.rows or 0
    return f"SELECT unnest([{', '.join(map(quoted, counts))}]) AS run_id, unnest({[*counts.values()]}) AS samples"


def only_once(files: Sequence[SnapshotFile]) -> dict[str, str]:
    """Return in SQL the views about several passes, if the log says that each verifier judged each run in one pass.

    They have no rows then, and DuckDB need not look for any.
    """
    passes: dict[tuple[str, ...], int | None] = {}
    for file in files:
        if file.pass_id is None or passes.setdefault(tuple(file.partition.values()), file.pass_id) != file.pass_id:
            return {}
    return {
        view: f"SELECT {', '.join(f'NULL::{kind} AS {name}' for name, kind in columns.items())} WHERE false"
        for view, columns in _OF_SEVERAL.items()
    }


def one_verifier(files: Sequence[SnapshotFile], runs: Collection[str] | None) -> dict[str, str]:
    """Return in SQL the view `only_verifier`, if the log says which of these files of verdicts have rows.

    `runs` are those that the lake knows: verdicts of others are in no view.
    """
    if runs is None or any(file.rows is None for file in files):
        return {}
    found = {file.partition["verifier"] for file in files if file.rows and file.partition["run_id"] in runs}
    name = quoted(*found) if len(found) == 1 else "NULL::VARCHAR"
    return {"only_verifier": f"SELECT {name} AS verifier{'' if len(found) == 1 else ' WHERE false'}"}


def judges(files: Sequence[SnapshotFile]) -> str:
    """Return in SQL the rows of the view `judges`: the pairs of run and verifier of these files of verdicts."""
    pairs = sorted({(file.partition["run_id"], file.partition["verifier"]) for file in files if file.rows != 0})
    runs, verifiers = (", ".join(map(quoted, column)) for column in (zip(*pairs, strict=True) if pairs else ((), ())))
    return f"SELECT unnest([{runs}]::VARCHAR[]) AS run_id, unnest([{verifiers}]::VARCHAR[]) AS verifier"


_KEY = dict.fromkeys(("run_id", "verifier", "problem_id"), "VARCHAR")
_OF_SEVERAL = {
    "several": _KEY,
    "pass_ranges": _KEY | {"pass_id": "BIGINT"} | dict.fromkeys(("first", "last", "samples", "print"), "HUGEINT"),
    "superseded": _KEY | {"pass_id": "BIGINT"},
    "rejudged": _KEY,
    "recounted": _KEY | dict.fromkeys(("verdicts", "c", "errors", "timeouts"), "BIGINT"),
}


def quoted(text: str) -> str:
    """Return a text as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"
