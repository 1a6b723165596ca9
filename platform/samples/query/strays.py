"""Find verdicts, scores and reviews of samples that nobody drew, so that no view counts them.

Samples never writes such a row, but another program may append one, or delete samples. So rows are compared with
samples only where the log shows another hand: a file that states nothing of its keys (see `samples.lake.stated`), or
more rows than there are samples.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

import duckdb

from samples.lake.files import SnapshotFile
from samples.query.repeats import made
from samples_schemas import REVIEWS, SCORES, VERDICTS

OF_SAMPLES = frozenset({VERDICTS.name, SCORES.name, REVIEWS.name})


def suspected(
    files: Sequence[SnapshotFile],
    doubtful: Iterable[SnapshotFile],
    samples: Iterable[SnapshotFile],
    doubtful_samples: Iterable[SnapshotFile],
) -> frozenset[str | None]:
    """Return the runs of which rows may be of samples that nobody drew; None stands for all runs.

    `files` are those of one of the tables `OF_SAMPLES`, `samples` those of table samples, and the doubtful ones are
    those of them in which a key may be twice.
    """
    drawn, told = Counter[str](), Counter[tuple[str | int | None, ...]]()
    for file in samples:
        drawn[file.partition["run_id"]] += file.rows or 0
    for file in files:
        told[file.partition.get("run_id"), *file.partition.values(), file.pass_id] += file.rows or 0
    there = {file.partition.get("run_id") for file in files}
    found: set[str | None] = {file.partition["run_id"] for file in doubtful_samples}
    found = (found if None in there else found & there) | {file.partition.get("run_id") for file in doubtful}
    return frozenset(found | {str(run) for (run, *_), rows in told.items() if run and rows > drawn[str(run)]})


def find(connection: duckdb.DuckDBPyConnection, table: str, runs: Iterable[str | None]) -> bool:
    """Make the table lake.TABLE_strays of the samples (run_id, problem_id, sample_index) that lake.samples lacks.

    Return if there are any. Only these runs are looked at; None among them stands for all runs.
    """
    runs = list(runs)
    values = {"runs": None if None in runs else runs}
    return made(connection, f"{table}_strays", _STRAYS.format(table=table), values)


# A row of `drawn` and of `told` stands for 64 samples of a problem: a comparison takes a sixty-fourth of the memory.
_STRAYS = """
WITH cells AS (
    SELECT
        run_id, problem_id, sample_index >> 6 AS cell, 1::UBIGINT << (sample_index & 63)::UBIGINT AS bit, true AS told
    FROM lake.{table}
    WHERE $runs::VARCHAR[] IS NULL OR list_contains($runs::VARCHAR[], run_id)
    UNION ALL
    SELECT run_id, problem_id, sample_index >> 6, 1::UBIGINT << (sample_index & 63)::UBIGINT, false
    FROM lake.samples
    WHERE $runs::VARCHAR[] IS NULL OR list_contains($runs::VARCHAR[], run_id)
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
