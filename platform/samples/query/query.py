"""Answer named queries and an analyst's own SQL over the views of a lake.

One command pins one snapshot, and all views read it. SQL runs in a connection that can read the views and nothing
else. No model is started.
"""

from collections.abc import Generator, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import duckdb

import samples_queries
from samples.errors import SamplesError, UsageError, meant
from samples.lake.storage import explained
from samples.lake.tables import Tables
from samples.query import dropped, lost
from samples.query import filters as filtering
from samples.query import parameters as binding
from samples.query.connection import add_macros, collected, engine
from samples.query.filters import Filters, Known, chosen, known, require_own_names
from samples.query.grouping import ByLabel, grouping
from samples.query.interrupts import promptly
from samples.query.notes import (
    leave_out_unjudged,
    runs_asked,
    settings_differ,
    setups_mixed,
    two_contents,
    why_unpaired,
    with_itself,
    without_logprobs,
)
from samples.query.pooling import pooling
from samples.query.pools import Pools
from samples.query.rows import Rows
from samples.query.scored import leave_out_unscored
from samples.query.scorers import ScorerChoice
from samples.query.selection import apply_filters, needed
from samples.query.statements import refused, said, views_read
from samples.query.unreadable import readable, told
from samples.query.verifiers import choose_verifier
from samples.query.views import Views, in_order, tables
from samples_queries import TAKES, Answer, Header, Unanswerable, Unjudged
from samples_queries.asking import ask
from samples_schemas import VIEWS

SECONDS = 60.0  # that an analyst's own SQL may take, unless more is allowed
_LONGEST = 1e9


def query(
    lake: Tables,
    name: str,
    *,
    memory: str | None = None,
    threads: int | None = None,
    skip_unreadable: bool = False,
    **parameters: Any,
) -> Rows:
    """Answer a named query. Its rows have the columns of its header.

    `parameters` are the query's own (see its header), and the filters that all have: `dataset`, `where`, `problems`,
    `labels`, `exclude_guessable` (see `samples.query.filters`), and `runs` where the query has no such parameter. Some
    queries take `by` and `pool` too (see `samples.query.grouping` and `pooling`). With `by`, the first column has the
    value of the key. With `pool`, the columns that the header names for it come last.
    `skip_unreadable` leaves out the runs of which a file cannot be read; notes name them.

    Raises:
        UsageError: No query has this name, or a parameter is unknown, missing or of another kind.
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
    by, pool = (None if (key := parameters.pop(name, None)) is None else str(key) for name in TAKES)
    judges_of = [parameter.name for parameter in header.params if parameter.kind == "verifier"]
    views = _views(header, parameters)
    more = [*(["tallies"] if judges_of else ()), *(["problems"] if by is not None else ())]
    reads = {*views, "runs", "setups", *needed(filters), *more}
    lake, skipped = readable(lost.pin(lake, tables(reads)), tables(reads)) if skip_unreadable else (lake, ())

    def answer(running: list[duckdb.DuckDBPyConnection]) -> Rows:
        with (
            told(skipped),
            dropped.said(lake),
            _opened(lake, reads, memory, threads) as shown,
            _enough(name, "memory=… in Python"),
        ):
            running.append(shown.connection)
            there = _runs(shown)
            left = chosen(there, filters)
            named = binding.runs_of(header, parameters, left, there)
            read = left if named is None else named
            choose_judge, choose_scorer = partial(choose_verifier, shown.lake, read), ScorerChoice(shown, there)
            bound = binding.bind(header, parameters, left, there, choose_judge, choose_scorer)
            judges = [bound[name] for name in judges_of]
            notes = [*skipped, *leave_out_unjudged(shown.lake, header, parameters, left, bound)]
            pools = None
            if pool is not None:
                pools = pooling(shown.lake, shown.connection, header, parameters, bound, left, there, pool)
                read, notes = pools.members, [*notes, *pools.notes]
            if "own_likelihoods" in header.reads:
                read = [*read, *(run for run in choose_scorer.runs if run not in read)]
            kept = apply_filters(shown, there, read, filters, judges[0] if judges else None, by_problem=by is not None)
            if judges and all(judges):
                kept = replace(kept, verifiers=frozenset(judges))
            shown.create(views, choose_scorer.kept(kept))
            notes += leave_out_unscored(shown.connection, header, bound, choose_scorer.chosen)
            try:
                rows, own = _asked(shown.connection, header, bound, read, by, pools)
            except Unanswerable as error:
                why = why_unpaired(shown.lake, header, bound, there)
                said = why if why and isinstance(error, Unjudged) else [_named(str(error), pools), *why]
                raise SamplesError(f"{name}: {'. '.join(said)}") from error
            if own or ("unpaired" in rows.column_names and any(rows["unpaired"].to_pylist())):
                notes += why_unpaired(shown.lake, header, bound, there)
            single = pools.members if pools else runs_asked(header, bound, there) or read
            if pools:
                bound, there = pools.bound(header, bound), pools.known
            differ = [
                *([] if pools else without_logprobs(rows, header, bound, there, [*notes, *own])),
                *settings_differ(shown.connection, header, bound, there),
                *two_contents(shown.connection, header, bound, there),
                *setups_mixed(shown, single),
                *with_itself(judges),
                *shown.strays,
            ]
            return Rows(rows, (*notes, *(_named(note, pools) for note in own), *differ))

    return promptly(answer)


def _views(header: Header, given: Mapping[str, Any]) -> set[str]:
    """Return the views that a query reads, and those that tell about the scores if it was given a scorer."""
    scored = any(p.kind == "scorer" and given.get(p.name) is not None for p in header.params)
    return {*header.reads, *(("samples", "scores", "scorers", "likelihoods", *header.scored) if scored else ())}


def sql(
    lake: Tables,
    text: str,
    *,
    memory: str | None = None,
    threads: int | None = None,
    seconds: float | None = SECONDS,
    skip_unreadable: bool = False,
    **filters: Any,
) -> Rows:
    """Answer an analyst's own SQL: one SELECT over the views, and nothing else.

    It may call pass_at_k(n, c, k), pass_hat_k(n, c, k) and g_pass_at_k(n, c, k, tau) on the counts of the view tallies.
    They are NULL where n < k.

    `memory` (such as "2GB"; 4GB when None) bounds what it computes and what it returns; `threads` defaults to all
    cores; `seconds` bounds the time, None does not. `filters` are those of `query`, and `runs`; `skip_unreadable` is
    that of `query`.

    Raises:
        UsageError: It is no SELECT over the views, or DuckDB refuses it.
        NotFound: A filter names what is not there.
        SamplesError: It needs more memory, or more time.
        LakeError: A file of the lake cannot be read.
    """
    if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance]  # from Python, anything may come
        raise UsageError(f"sql: a text is expected, found {text!r}")
    if seconds is not None and not 0 < seconds <= _LONGEST:
        raise UsageError(f"sql: seconds {seconds}: expected a number above 0")
    asked = filtering.read(**binding.plain(filters))

    def answer(running: list[duckdb.DuckDBPyConnection]) -> Rows:
        with explained(lake.uri), _enough("sql", "--memory"), engine(memory, threads) as connection:
            running.append(connection)
            names = views_read(connection, text, VIEWS)
            reads = names | needed(asked)
            pinned, notes = lost.pin(lake, tables(reads)), ()
            if skip_unreadable:
                pinned, notes = readable(pinned, tables(reads))
            shown = Views(connection, pinned, reads)
            there = _runs(shown) if asked != Filters() else []
            with told(notes), dropped.said(lake):
                left = chosen(there, asked)
            shown.create(names, apply_filters(shown, there, left, asked))
            if "runs" in tables(names) and not there:
                require_own_names(connection.execute("SELECT name, run_id FROM lake.runs").fetchall())
            add_macros(connection)
            try:
                return Rows(collected(connection, text, memory), (*notes, *shown.strays))
            except (duckdb.IOException, duckdb.OutOfMemoryException):
                raise  # the lake's files or their size are at fault, not the SQL
            except duckdb.Error as error:
                raise shown.failure or refused(error, names) from error

    try:
        return promptly(answer, seconds)
    except TimeoutError as error:
        raise SamplesError(
            f"sql: the answer took more than {seconds:g} s and was stopped: ask for less, or allow more with --seconds"
        ) from error


def _asked(
    connection: duckdb.DuckDBPyConnection,
    header: Header,
    bound: Mapping[str, Any],
    read: Sequence[Known],
    by: str | None,
    pools: Pools | None,
) -> Answer:
    """Ask a query about runs or pools: once, or for each group.

    Raises:
        Unanswerable: The lake does not hold what the query needs.
        UsageError: The groups or pools cannot be made.
    """
    tallied = "tallies" in in_order(header.reads)
    groups = None if by is None else grouping(connection, by, read, tallied=tallied)
    if pools:
        if isinstance(groups, ByLabel) and groups.key == pools.label:
            raise UsageError(f"by and pool: both are {pools.label}, but a pool has no single {pools.label}; give one")
        pools.apply(connection, tables(header.reads))
        bound, read = pools.bound(header, bound), pools.known

    def once() -> Answer:
        answer = ask(connection, header.name, bound)
        assert tuple(answer.rows.column_names) == header.columns, f"{header.name} gives {answer.rows.column_names}"
        return pools.complete(connection, header, answer) if pools else answer

    if isinstance(groups, ByLabel):
        return groups.answer(once, header, bound, read)
    return groups.answer(once) if groups else once()


def _named(message: str, pools: Pools | None) -> str:
    return pools.named(message) if pools else message


@contextmanager
def _opened(lake: Tables, reads: Iterable[str], memory: str | None, threads: int | None) -> Generator[Views]:
    """Pin the tables that these views read while DuckDB starts. Each takes about 20 ms."""
    with explained(lake.uri), ThreadPoolExecutor(1) as beside:
        pinned = beside.submit(lost.pin, lake, tables(reads))
        with engine(memory, threads) as connection:
            yield Views(connection, pinned.result(), reads)


@contextmanager
def _enough(what: str, more: str) -> Generator[None]:
    """Say how to allow more memory when a query runs out of it."""
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise SamplesError(f"{what}: {said(error)}; allow more with {more}") from error


def _runs(shown: Views) -> list[Known]:
    shown.create(["runs"])
    runs = known(shown.connection)
    if not runs:
        from samples.runs.run import no_runs  # it imports what runs are drawn with

        raise SamplesError(no_runs(shown.lake))
    return runs
