"""Find verdicts, scores and reviews of samples that nobody drew, so that no view counts them.

Samples never writes such a row, but another program may append one, or delete samples. So rows are compared with
samples where the log shows another hand: a file that states nothing of its keys (see `samples.lake.stated`), more rows
than there are samples, or rows beyond their ranges. Reviews, which are few, are always compared.
"""

from bisect import bisect_left
from collections.abc import Collection, Sequence
from typing import Any

import duckdb

from samples.lake.files import SnapshotFile
from samples.query.repeats import made
from samples_schemas import REVIEWS, SCORES, VERDICTS

OF_SAMPLES = frozenset({VERDICTS.name, SCORES.name, REVIEWS.name})
_RANGES = 2  # the log has the ranges of problem_id and sample_index first


def suspected(
    files: Sequence[SnapshotFile],
    doubtful: Sequence[SnapshotFile],
    samples: Sequence[SnapshotFile],
    doubtful_samples: Sequence[SnapshotFile],
) -> frozenset[str]:
    """Return the runs of which verdicts or scores may be of samples that nobody drew.

    `files` are those of verdicts or of scores, `samples` those of table samples, and the doubtful ones are those of
    them in which a key may be twice.
    """
    drawn, told = _by_run(samples), _by_run(files)
    found = {file.partition["run_id"] for file in (*doubtful, *doubtful_samples)} & told.keys()
    return frozenset(found | {run for run in told.keys() - found if _exceed(told[run], drawn.get(run, []))})


def _by_run(files: Sequence[SnapshotFile]) -> dict[str, list[SnapshotFile]]:
    found: dict[str, list[SnapshotFile]] = {}
    for file in files:
        found.setdefault(file.partition["run_id"], []).append(file)
    return found


def _exceed(told: Sequence[SnapshotFile], drawn: Sequence[SnapshotFile]) -> bool:
    """Return whether files of a run tell of more samples than were drawn, or of others, as far as the log says."""
    told, drawn = [file for file in told if file.rows], [file for file in drawn if file.rows]
    there = _rows(drawn)
    judges: dict[tuple[str, ...], dict[int | None, list[SnapshotFile]]] = {}
    for file in told:
        judges.setdefault(tuple(file.partition.values()), {}).setdefault(file.pass_id, []).append(file)
    if any(_rows(some) > there for passes in judges.values() for some in passes.values()):
        return True
    for column in range(_RANGES if all(file.ranges for file in (*told, *drawn)) else 0):
        (least, greatest), (first, last) = _extent(drawn, column), _extent(told, column)
        if first < least or last > greatest:
            return True
        for passes in judges.values():
            if _at_least([(*_extent(some, column), _rows(some)) for some in passes.values()]) > there:
                return True
    return False


def _rows(files: Sequence[SnapshotFile]) -> int:
    return sum(file.rows or 0 for file in files)


def _extent(files: Sequence[SnapshotFile], column: int) -> tuple[Any, Any]:
    ranges = [file.ranges[column] for file in files]
    return min(first for first, _ in ranges), max(last for _, last in ranges)


def _at_least(passes: Sequence[tuple[Any, Any, int]]) -> int:
    """Return how many different samples some passes judged at least: the most rows of passes whose ranges do not meet.

    A pass is its least value, its greatest, and its number of rows.
    """
    ends, most = list[Any](), [0]
    for first, last, rows in sorted(passes, key=lambda one: one[1]):
        most.append(max(most[-1], most[bisect_left(ends, first)] + rows))
        ends.append(last)
    return most[-1]


def find(connection: duckdb.DuckDBPyConnection, table: str, runs: Collection[str] | None) -> bool:
    """Make the table lake.TABLE_strays of the samples (run_id, problem_id, sample_index) that lake.samples lacks.

    Return if there are any. Only these runs are looked at: all of table TABLE if None.
    """
    named = f"SELECT DISTINCT run_id FROM lake.{table}" if runs is None else "SELECT unnest($runs)"  # noqa: S608 - own names
    values = None if runs is None else {"runs": list(runs)}
    return made(connection, f"{table}_strays", _STRAYS.format(table=table, runs=named), values)


def said(connection: duckdb.DuckDBPyConnection, tables: Collection[str]) -> list[str]:
    """Say what is left out of these tables, of which `find` has looked for such rows. lake.runs must be there."""
    notes: list[str] = []
    for table in sorted(tables):
        for run, count in connection.execute(_COUNTED.format(table=table)).fetchall():
            notes.append(
                f"left out: {table} of {count:,} samples of {run} that table samples does not have: another program "
                "added them, or deleted the samples; samples check tells more"
            )
    return notes


_COUNTED = """
SELECT runs.name, count(*) FROM lake.{table}_strays JOIN lake.runs AS runs USING (run_id) GROUP BY ALL ORDER BY ALL
"""
# A row of `masks` stands for 64 samples of a problem, which takes a sixty-fourth of the memory.
_STRAYS = """
WITH asked(run_id) AS ({runs}), cells AS (
    SELECT
        run_id, problem_id, sample_index >> 6 AS cell, 1::UBIGINT << (sample_index & 63)::UBIGINT AS bit, true AS told
    FROM lake.{table} SEMI JOIN asked USING (run_id)
    UNION ALL
    SELECT run_id, problem_id, sample_index >> 6, 1::UBIGINT << (sample_index & 63)::UBIGINT, false
    FROM lake.samples SEMI JOIN asked USING (run_id)
), masks AS (
    SELECT
        run_id, problem_id, cell,
        coalesce(bit_or(bit) FILTER (told), 0) & ~coalesce(bit_or(bit) FILTER (NOT told), 0::UBIGINT) AS mask
    FROM cells
    GROUP BY ALL
)
SELECT run_id, problem_id, (64 * cell + place)::INTEGER AS sample_index
FROM masks CROSS JOIN (SELECT unnest(range(64)) AS place)
WHERE mask <> 0 AND (mask >> place::UBIGINT) & 1 = 1
"""
