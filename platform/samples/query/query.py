"""Ask a lake: named questions, and an analyst's own SQL, over its views.

One command pins one snapshot, and all views read it. What asks runs in a connection that can read the views and
nothing else. Nothing here starts a model.
"""

from collections.abc import Generator, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import duckdb

import samples_queries
from samples.errors import SamplesError, UsageError, meant
from samples.lake.storage import explained
from samples.lake.tables import Tables
from samples.query import filters as filtering
from samples.query import parameters as binding
from samples.query.connection import collected, engine, lock
from samples.query.filters import Filters, Known, chosen, known
from samples.query.interrupts import promptly
from samples.query.rows import Rows
from samples.query.selection import apply_filters, judged, needed, verifiers
from samples.query.statements import refused, said, views_read
from samples.query.unreadable import readable
from samples.query.views import Views, tables
from samples_queries import Header, Unanswerable
from samples_queries.asking import ask
from samples_queries.groups import unjudged
from samples_schemas import VIEWS


def query(
    lake: Tables,
    name: str,
    *,
    memory: str | None = None,
    threads: int | None = None,
    skip_unreadable: bool = False,
    **parameters: Any,
) -> Rows:
    """Answer a named question: its rows have the columns of its header.

    `parameters` are the query's own (see its header), and the filters that all have: `dataset`, `where`, `problems`,
    `labels`, `exclude_guessable` (see `samples.query.filters`), and `runs` where the query has no such parameter.
    `skip_unreadable` leaves out the runs of which a file cannot be read; notes name them.

    Raises:
        UsageError: No query has this name, or its parameters are others.
        NotFound: A run, verifier, problem, label or value is not there.
        SamplesError: The lake does not hold what the answer needs; the message says how to get it.
        LakeError: A file of the lake cannot be read.
    """
    if name not in samples_queries.NAMES:
        names = samples_queries.NAMES
        raise UsageError(f'query "{name}" is not known{meant(name, names)}: choose one of {", ".join(names)}')
    header = samples_queries.header(name)
    parameters = binding.plain(parameters)
    own = {parameter.name for parameter in header.params}
    common = {key: parameters.pop(key) for key in filtering.NAMES if key in parameters and key not in own}
    binding.check(header, parameters)
    filters = filtering.read(**common)
    judges_of = [parameter.name for parameter in header.params if parameter.kind == "verifier"]
    reads = {*header.reads, "runs", *(["tallies"] if judges_of else ()), *needed(filters)}
    lake, skipped = readable(lake.pin(tables(reads)), tables(reads)) if skip_unreadable else (lake, ())

    def answer(running: list[duckdb.DuckDBPyConnection]) -> Rows:
        with _opened(lake, reads, memory, threads) as shown, _enough(name, "memory=…"):
            running.append(shown.connection)
            there = _runs(shown)
            left = chosen(there, filters)
            named = binding.runs_of(header, parameters, left, there)
            read = left if named is None else named
            bound = binding.bind(header, parameters, left, there, lambda: verifiers(shown.lake, read))
            judges = [bound[name] for name in judges_of]
            notes = [*skipped, *_leave_out_unjudged(shown.lake, header, parameters, left, bound)]
            kept = apply_filters(shown, there, read, filters, judges[0] if judges else None)
            if judges and all(judges):
                kept = replace(kept, verifiers=frozenset(judges))
            shown.create(header.reads, kept)
            lock(shown.connection, shown.paths)
            return _answered(shown.connection, header, bound, notes)

    return promptly(answer)


def sql(
    lake: Tables,
    text: str,
    *,
    memory: str | None = None,
    threads: int | None = None,
    skip_unreadable: bool = False,
    **filters: Any,
) -> Rows:
    """Answer an analyst's own SQL: one SELECT over the views, and nothing else.

    `memory` (such as "2GB"; 4GB when None) bounds what it computes and what it returns; `threads` defaults to all
    cores. `filters` are those of `query`, and `runs`; `skip_unreadable` is that of `query`.

    Raises:
        UsageError: It is no SELECT over the views, or DuckDB refuses it.
        NotFound: A filter names what is not there.
        SamplesError: It needs more memory.
        LakeError: A file of the lake cannot be read.
    """
    asked = filtering.read(**binding.plain(filters))

    def answer(running: list[duckdb.DuckDBPyConnection]) -> Rows:
        with explained(lake.uri), _enough("sql", "--memory"), engine(memory, threads) as connection:
            running.append(connection)
            names = views_read(connection, text, VIEWS)
            pinned, notes = lake.pin(tables(names | needed(asked))), ()
            if skip_unreadable:
                pinned, notes = readable(pinned, tables(names | needed(asked)))
            shown = Views(connection, pinned)
            there = _runs(shown) if asked != Filters() else []
            shown.create(names, apply_filters(shown, there, chosen(there, asked), asked))
            lock(connection, shown.paths)
            try:
                return Rows(collected(connection, text, memory), notes)
            except (duckdb.IOException, duckdb.OutOfMemoryException):
                raise  # the lake's files, or its size, not the analyst's SQL
            except duckdb.Error as error:
                raise shown.failure or refused(error, names) from error

    return promptly(answer)


@contextmanager
def connect(lake: Tables, reads: Iterable[str] = VIEWS) -> Generator[duckdb.DuckDBPyConnection]:
    """Open a DuckDB connection in which these views of the lake's newest snapshot are, for the library's own use."""
    with explained(lake.uri), engine() as connection:
        Views(connection, lake.pin(tables(reads))).create(reads)
        yield connection


@contextmanager
def _opened(lake: Tables, reads: Iterable[str], memory: str | None, threads: int | None) -> Generator[Views]:
    """Pin what these views stand on, while DuckDB starts: either takes some 20 ms."""
    with explained(lake.uri), ThreadPoolExecutor(1) as beside:
        pinned = beside.submit(lake.pin, tables(reads))
        with engine(memory, threads) as connection:
            yield Views(connection, pinned.result())


@contextmanager
def _enough(what: str, more: str) -> Generator[None]:
    """Say what allows more memory where there is not enough."""
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise SamplesError(f"{what}: {said(error)}: allow it more with {more}") from error


def _runs(shown: Views) -> list[Known]:
    shown.create(["runs"])
    runs = known(shown.connection)
    if not runs:
        uri = shown.lake.uri
        raise SamplesError(f"lake {uri} has no runs yet: `samples ingest … --lake {uri}` draws one")
    return runs


def _leave_out_unjudged(
    lake: Tables, header: Header, given: Mapping[str, Any], runs: Sequence[Known], bound: dict[str, Any]
) -> list[str]:
    """Where no runs are named, ask about those that the verifier judged; return a note about the others."""
    kinds = {parameter.kind: parameter for parameter in header.params}
    if {"runs", "verifier"} <= kinds.keys() and bound[kinds["verifier"].name] and not given.get(kinds["runs"].name):
        verifier = bound[kinds["verifier"].name]
        there = [run.run for run in judged(lake, runs, verifier)]
        others = [run.run for run in runs if run.run not in there]
        bound[kinds["runs"].name] = there
        if others:
            return [f"left out: {unjudged(verifier, others)}"]
    return []


def _answered(
    connection: duckdb.DuckDBPyConnection, header: Header, bound: Mapping[str, Any], notes: Sequence[str]
) -> Rows:
    try:
        rows, own = ask(connection, header.name, bound)
    except Unanswerable as error:
        raise SamplesError(f"{header.name}: {error}") from error
    assert tuple(rows.column_names) == header.columns, f"{header.name} gives {rows.column_names}"
    return Rows(rows, (*notes, *own))
