"""Read a view batch by batch, however large it is: all completions of a run, for training or for a study of texts."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Any

import pyarrow as pa

from samples.errors import UsageError, meant
from samples.lake.files import Selection
from samples.lake.storage import explained
from samples.lake.tables import Tables
from samples.query import dropped, lost
from samples.query import filters as filtering
from samples.query import parameters as binding
from samples.query.connection import engine
from samples.query.filters import Filters, chosen, known
from samples.query.selection import apply_filters, needed
from samples.query.views import Views, tables
from samples_schemas import VIEWS

_ROWS = 1024  # a completion can have 16k tokens, which take 128 kB


def scan(
    lake: Tables,
    view: str,
    columns: Sequence[str] | None = None,
    *,
    rows: int = _ROWS,
    memory: str | None = None,
    threads: int | None = None,
    **filters: Any,
) -> pa.RecordBatchReader:
    """Read the rows of a view in batches of at most `rows`, in no particular order, from one snapshot.

    `columns` are all when None. `filters` are those of `samples.query.query.query`, and `runs`. Memory holds a few
    batches and the narrow tables that the view joins, up to `memory` ("4GB" when None).

    Raises:
        UsageError: There is no such view or column.
        NotFound: A filter names what is not there.
        LakeError: A file of the lake cannot be read; also while batches are read.
    """
    if view not in VIEWS:
        raise UsageError(f'there is no view "{view}"{meant(view, VIEWS)}; views are {", ".join(VIEWS)}')
    there = VIEWS[view].schema.names
    wanted = there if columns is None else filtering.words(columns)
    for name in wanted:
        if name not in there:
            raise UsageError(f'view {view} has no column "{name}"{meant(name, there)}; columns are {", ".join(there)}')
    asked = filtering.read(**binding.plain(filters))
    reads = {view} | needed(asked)
    with explained(lake.uri), dropped.said(lake), ExitStack() as opened:
        connection = opened.enter_context(engine(memory, threads))
        shown = Views(connection, lost.pin(lake, tables(reads)), reads)
        shown.create([view], _selection(shown, asked))
        names = ", ".join(f'"{name}"' for name in wanted)
        reader = connection.sql(f"SELECT {names} FROM {view}").to_arrow_reader(rows)  # noqa: S608 - names of the schema
        batches = _batches(lake, reader, opened.pop_all())
    return pa.RecordBatchReader.from_batches(reader.schema, batches)


def _selection(shown: Views, asked: Filters) -> Selection:
    """Return the selection of rows that filters keep."""
    if asked == Filters():
        return apply_filters(shown, [], [], asked)
    shown.create(["runs"])
    runs = known(shown.connection)
    return apply_filters(shown, runs, chosen(runs, asked), asked)


def _batches(lake: Tables, reader: pa.RecordBatchReader, opened: ExitStack) -> Iterator[pa.RecordBatch]:
    with opened, explained(lake.uri):
        yield from reader
