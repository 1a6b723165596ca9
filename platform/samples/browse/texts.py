"""Look for a text or a regular expression in completions.

DuckDB matches with RE2, whose time grows with the length of the text alone, whatever the expression is. A search reads
texts batch by batch, and stops after some seconds; it then says how far it came.
"""

import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds

from samples.browse.address import Address
from samples.browse.sample_rows import OTHER, STATUSES
from samples.errors import UsageError
from samples.lake.datasets import equal
from samples.lake.storage import explained
from samples.lake.tables import Tables
from samples.query.connection import engine
from samples.query.interrupts import promptly
from samples.query.repeats import FIRST, order
from samples.runs.run import Run
from samples_schemas import COMPLETIONS, SAMPLES, VERDICTS

SECONDS = 20.0
HITS = 200  # that are listed
_GRACE = 10.0  # seconds for one batch
_BATCH_ROWS = 256
_MARKED = 500  # matches that are marked in one text
_MARKED_TEXT = 1 << 20  # characters of a text in which matches are marked
_BEFORE, _SNIPPET = 60, 240  # characters of a snippet before the match, and in all
_LONGEST = 1_000  # characters of what is looked for


class Sought(NamedTuple):
    """What is looked for: a regular expression (RE2), and its options."""

    pattern: str
    options: str


@dataclass(frozen=True)
class Hit:
    """One sample with a match: where it is, and the text around its first match."""

    run: str
    problem_id: str
    index: int
    status: str
    before: str
    match: str
    after: str


@dataclass(frozen=True)
class Found:
    """What a search found. `counts` has, for each run and status, samples with a match and samples looked at."""

    hits: list[Hit]
    counts: list[tuple[str, str, int, int]]
    looked: int
    stopped: bool
    seconds: float


def sought(address: Address) -> Sought | None:
    """Return what an address looks for; None if for nothing.

    Raises:
        UsageError: It is too long.
    """
    text = address.one("text")
    if not text:
        return None
    if len(text) > _LONGEST:
        raise UsageError(f"search: {len(text):,} characters; at most {_LONGEST:,} are looked for")
    pattern = text if address.one("regex") else _escaped(text)
    return Sought(pattern, "s" if address.one("case") else "si")


def _escaped(text: str) -> str:
    return "".join(c if c.isalnum() or c == "_" or not c.isascii() else f"\\x{{{ord(c):x}}}" for c in text)


def matches(text: str, address: Address) -> list[tuple[int, str]]:
    """Return the first matches in a text, in their order, each with its place."""
    asked = sought(address)
    if asked is None or not text:
        return []
    with engine(threads=1) as connection:
        rows = _ask(connection, _MATCHES, [text[:_MARKED_TEXT], *asked, _MARKED])
    found: list[tuple[int, str]] = []
    at = 0
    for before, one in zip(*rows[0], strict=False):
        at += len(before)
        found += [(at, one)] if one else []
        at += len(one)
    return found


_MATCHES = "SELECT string_split_regex($1, $2, $3)[:$4], regexp_extract_all($1, $2, 0, $3)[:$4]"

# The match stands where its text stands first: an expression with ^ or \b may begin later, which the snippet bears.
_LOOK = """
SELECT
    problem_id, sample_index, attempt, hit,
    CASE WHEN hit THEN left(match, $3) END AS match,
    CASE WHEN hit THEN substr(text, greatest(1, place - $4), least($4, place - 1)) END AS before,
    CASE WHEN hit THEN substr(text, place + length(match), $3) END AS after
FROM (
    SELECT *, CASE WHEN hit THEN greatest(1, instr(text, match)) END AS place
    FROM (
        SELECT
            problem_id, sample_index, attempt, text,
            regexp_matches(text, $1, $2) AS hit,
            CASE WHEN hit THEN regexp_extract(text, $1, 0, $2) END AS match
        FROM batch
    )
)
"""

# A sample counts once, also where another program wrote its rows twice: as in the views.
_JUDGED = f"""
WITH current AS (
    SELECT DISTINCT ON (problem_id, sample_index) problem_id, sample_index, status
    FROM verdicts
    ORDER BY problem_id, sample_index, pass_id DESC, {FIRST[VERDICTS.name]}
),
there AS (
    SELECT DISTINCT ON (problem_id, sample_index) problem_id, sample_index, attempt
    FROM samples
    ORDER BY problem_id, sample_index, {order(SAMPLES)}
),
read AS (
    SELECT DISTINCT ON (problem_id, sample_index, attempt) * FROM looked ORDER BY ALL
)
SELECT
    read.problem_id, read.sample_index, read.hit, read.before, read.match, read.after,
    CASE WHEN current.status IN {(*STATUSES,)} THEN current.status WHEN current.status IS NULL THEN 'unjudged'
    ELSE '{OTHER}' END AS status
FROM read
JOIN there USING (problem_id, sample_index, attempt)
LEFT JOIN current USING (problem_id, sample_index)
"""  # noqa: S608 - own names


def search(
    lake: Tables, runs: list[Run], problems: Collection[str] | None, asked: Sought, verifier: str | None
) -> Found:
    """Look for something in the texts of these problems, or of all problems of these runs, for at most `SECONDS`.

    Raises:
        UsageError: The regular expression cannot be read.
    """
    begun = time.monotonic()
    hits: list[Hit] = []
    counts: list[tuple[str, str, int, int]] = []
    looked, stopped = 0, False
    for number, run in enumerate(runs):
        until = begun + SECONDS * (number + 1) / len(runs)

        def work(running: list[duckdb.DuckDBPyConnection], run: Run = run, until: float = until) -> Any:
            with engine() as connection:
                running.append(connection)
                return _in_run(connection, lake, run, problems, asked, verifier, until)

        try:
            some, tallied, short = promptly(work, max(until - time.monotonic(), 0.0) + _GRACE)
        except TimeoutError:
            stopped = True
            continue
        hits += some
        counts += tallied
        looked += sum(count for *_, count in tallied)
        stopped = stopped or short
    return Found(hits, counts, looked, stopped, time.monotonic() - begun)


def _in_run(
    connection: duckdb.DuckDBPyConnection,
    lake: Tables,
    run: Run,
    problems: Collection[str] | None,
    asked: Sought,
    verifier: str | None,
    until: float,
) -> tuple[list[Hit], list[tuple[str, str, int, int]], bool]:
    parts: list[pa.Table] = []
    stopped = False
    where = {"problem_id": next(iter(problems))} if problems is not None and len(problems) == 1 else {}
    for batch in _batches(lake, run, problems, where):
        if time.monotonic() > until:
            stopped = True
            break
        connection.register("batch", pa.Table.from_batches([batch]))
        parts.append(_looked(connection, asked))
        connection.unregister("batch")
    if not parts:
        return [], [], stopped
    connection.register("looked", pa.concat_tables(parts))
    judge = {"verifier": verifier or "", "run_id": run.run_id}
    verdict = ["problem_id", "sample_index", "pass_id", "status"]
    connection.register("samples", lake.rows_at(SAMPLES.name, SAMPLES.file_schema.names, **run.partition, **where))
    connection.register("verdicts", lake.rows_at(VERDICTS.name, verdict, **judge, **where))
    connection.execute(f"CREATE TEMP TABLE judged AS {_JUDGED}")
    tallied = connection.execute("SELECT status, countif(hit), count(*) FROM judged GROUP BY ALL").fetchall()
    places = list(STATUSES)
    tallied.sort(key=lambda row: places.index(row[0]))
    rows = connection.execute(
        "SELECT problem_id, sample_index, status, before, match, after FROM judged WHERE hit "
        "QUALIFY row_number() OVER (PARTITION BY status ORDER BY problem_id, sample_index) <= $most "
        "ORDER BY problem_id, sample_index",
        {"most": HITS},
    ).fetchall()
    rows.sort(key=lambda row: places.index(row[2]))
    return [Hit(run.name, *row) for row in rows], [(run.name, *row) for row in tallied], stopped


def _batches(
    lake: Tables, run: Run, problems: Collection[str] | None, where: dict[str, str]
) -> Iterator[pa.RecordBatch]:
    columns = ["problem_id", "sample_index", "attempt", "text"]
    rows = equal(run.partition)
    if problems is not None:
        rows &= ds.field("problem_id").isin(pa.array(problems, pa.string()))
    with explained(lake.place.table_uri(COMPLETIONS.name)):
        scanner = lake.dataset_at(COMPLETIONS.name, **run.partition, **where).scanner(
            columns=columns,
            filter=rows,
            batch_size=_BATCH_ROWS,
            batch_readahead=4,
            fragment_readahead=2,
            cache_metadata=False,
        )
        yield from scanner.to_batches()


def _looked(connection: duckdb.DuckDBPyConnection, asked: Sought) -> pa.Table:
    try:
        return connection.sql(_LOOK, params=[*asked, _SNIPPET, _BEFORE]).to_arrow_table()
    except duckdb.InvalidInputException as error:
        raise _unreadable(error) from error


def _ask(connection: duckdb.DuckDBPyConnection, text: str, values: list[Any]) -> list[Any]:
    try:
        return connection.execute(text, values).fetchall()
    except duckdb.InvalidInputException as error:
        raise _unreadable(error) from error


def _unreadable(error: duckdb.Error) -> UsageError:
    said = str(error).splitlines()[0].partition(": ")[2] or str(error)
    return UsageError(f"regular expression: {said}; the syntax is RE2's")
