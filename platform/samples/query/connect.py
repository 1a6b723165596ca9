"""Read the views of a lake in a DuckDB connection of the library's own."""

from collections.abc import Generator, Iterable
from contextlib import contextmanager

import duckdb

from samples.lake.storage import explained
from samples.lake.tables import Tables
from samples.query import lost
from samples.query.connection import engine
from samples.query.views import Views, tables
from samples_schemas import VIEWS


@contextmanager
def connect(
    lake: Tables, reads: Iterable[str] = VIEWS, threads: int | None = None
) -> Generator[duckdb.DuckDBPyConnection]:
    """Open a DuckDB connection with these views of the lake's newest snapshot, for the library's own use."""
    with explained(lake.uri), engine(threads=threads) as connection:
        Views(connection, lost.pin(lake, tables(reads)), reads).create(reads)
        yield connection
