"""Find the rows of a table that repeat a key, whoever wrote them, so that no view counts a key twice.

Commits state which files repeat no key (see `samples.lake.stated`). Only the others are looked at here. Of the rows of
one key the first one counts, in an order that depends on their content alone.
"""

from typing import Any

import duckdb

from samples_schemas import COUNTS, SAMPLES, SCORES, VERDICTS, Table

# Which rows of a key come first. A verdict that decides comes before a timeout, a sample or score before a failed one.
FIRST = {
    VERDICTS.name: "status IN ('timeout', 'error'), status",
    SAMPLES.name: "error IS NOT NULL",
    SCORES.name: "error IS NOT NULL",
    COUNTS.name: "n + errors + timeouts DESC",
}


def order(table: Table) -> str:
    """Return in SQL which rows of a key come first: the first one counts."""
    rest = [name for name in table.schema.names if name not in {*table.key, *table.partition_by}]
    return ", ".join([*([FIRST[table.name]] if table.name in FIRST else []), *rest])


def find(connection: duckdb.DuckDBPyConnection, table: Table, source: str) -> bool:
    """Make the table lake.TABLE_repeats of the rows to leave out (filename, file_row_number); return if there are any.

    `source` reads files of the table, in SQL, with these two columns.
    """
    key = ", ".join(table.key)
    within = source
    if "sample_index" in table.key:
        group = ", ".join(name for name in table.key if name != "sample_index")
        if not made(connection, f"{table.name}_doubtful", _DOUBTFUL.format(group=group, source=source)):
            return False
        within = f"{source} SEMI JOIN lake.{table.name}_doubtful USING ({group})"
    if not made(connection, f"{table.name}_twice", f"SELECT {key} FROM {within} GROUP BY ALL HAVING count(*) > 1"):  # noqa: S608 - own names
        return False
    return made(
        connection,
        f"{table.name}_repeats",
        _REPEATS.format(key=key, order=order(table), source=source, twice=f"lake.{table.name}_twice"),
    )


def made(connection: duckdb.DuckDBPyConnection, name: str, select: str, values: dict[str, Any] | None = None) -> bool:
    """Make a table of schema `lake` with `values` bound; return whether it has any rows."""
    return connection.execute(f"CREATE OR REPLACE TABLE lake.{name} AS {select}", values).fetchall() != [(0,)]


# Groups of rows that may hold a sample twice: all but those whose samples are exactly the numbers of a range. Two sets
# of samples of one size have the same `print` with a chance of 1 in 2^64. The size tells more: DuckDB's hash of 0 is 0.
_DOUBTFUL = """
WITH met AS (
    SELECT
        {group}, min(sample_index) AS first, max(sample_index) AS last, count(*) AS samples,
        sum(hash(sample_index)) AS print
    FROM {source}
    GROUP BY {group}
), numbers AS (
    SELECT first, last, unnest(range(first::BIGINT, last::BIGINT + 1))::INTEGER AS number
    FROM (SELECT DISTINCT first, last FROM met WHERE samples = last::BIGINT - first + 1)
), whole AS (
    SELECT first, last, count(*) AS samples, sum(hash(number)) AS print FROM numbers GROUP BY first, last
)
SELECT * EXCLUDE (first, last, samples, print) FROM met ANTI JOIN whole USING (first, last, samples, print)
"""

_REPEATS = """
SELECT filename, file_row_number
FROM {source} SEMI JOIN {twice} USING ({key})
QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY {order}) > 1
"""
