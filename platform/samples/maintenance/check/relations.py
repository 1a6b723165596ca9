"""The tables of a snapshot in DuckDB, as audits read them.

lake.TABLE has every row as it was written, the repeated ones too. lake.TABLE_cells has a row for 64 samples of a
problem, on the grid that units are cut on: bit i of its mask stands for sample 64 * cell + i, and `rows` counts the
rows it was made of. So a hundred million keys fit where a million do, and one comparison is of 64 samples.
"""

from collections.abc import Collection, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager

import duckdb

from samples.lake.files import Selection, SnapshotFile
from samples.lake.storage import Location
from samples.query.connection import engine
from samples.query.relations import relate
from samples_schemas import TABLES

MEMORY = "2GB"  # what does not fit is spilled to files

# What tells the rows of one cell apart, beside run and problem.
CELLS: Mapping[str, Sequence[str]] = {
    "samples": ("dataset", "attempt"),
    "completions": ("attempt",),
    "verdicts": ("verifier", "pass_id"),
    "scores": ("scorer_id", "attempt"),
    "score_logprobs": ("scorer_id", "attempt"),
    "top_logprobs": ("scorer_id", "attempt"),
    "reviews": (),
}
_MADE = """
CREATE TABLE lake.{table}_cells AS
SELECT
    run_id, problem_id, sample_index >> 6 AS cell, {more}count(*) AS rows,
    bit_or(1::UBIGINT << (sample_index & 63)::UBIGINT) AS mask
FROM lake.{table}
GROUP BY ALL
"""
_MACROS = """
CREATE MACRO sample_of(problem, number) AS 'problem ' || problem || ', sample ' || number;
CREATE MACRO cell_of(problem, cell, mask) AS
    'problem ' || problem || ', sample ' || (cell::BIGINT * 64 + bit_count(xor(mask, mask - 1) >> 1));
"""


@contextmanager
def opened(place: Location, files: Mapping[str, Sequence[SnapshotFile]]) -> Generator[duckdb.DuckDBPyConnection]:
    """Open a connection that may read these files of a lake, by table."""
    with engine(MEMORY) as connection:
        if served := [(file.path, file.size) for some in files.values() for file in some if "://" in file.path]:
            from samples.lake.filesystem import SnapshotFileSystem

            remote = SnapshotFileSystem(place.read)
            remote.add(served)
            connection.register_filesystem(remote)
        connection.execute(f"CREATE SCHEMA lake; {_MACROS}")
        yield connection


def show(
    connection: duckdb.DuckDBPyConnection,
    files: Mapping[str, Sequence[SnapshotFile]],
    runs: Iterable[str] | None,
    hidden: Collection[str],
) -> None:
    """Make lake.TABLE of the files of each table, for these runs (all when None) but the hidden ones."""
    kept = Selection(None if runs is None else frozenset(runs) - frozenset(hidden))
    for name, some in files.items():
        paths = [file.path for file in some if file.partition.get("run_id") not in hidden]
        relate(connection, TABLES[name], paths, kept, (), hidden)


def make_cells(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    """Make lake.TABLE_cells."""
    more = "".join(f"{column}, " for column in CELLS[table])
    connection.execute(_MADE.format(table=table, more=more))
