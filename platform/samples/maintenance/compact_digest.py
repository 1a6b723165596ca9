"""A digest of rows that does not depend on their order or on the files they are in: their number, and a sum of hashes.

DuckDB hashes each row whole: if two sets of rows differ, their sums are the same with a chance of 1 in 2^64.
"""

from pathlib import Path
from typing import Any, Self

import duckdb
import pyarrow as pa

from samples_schemas import Table

_AT_ONCE = 8 << 20  # bytes that are hashed together


class Digest:
    """The digest of the rows that were added so far."""

    def __init__(self, table: Table) -> None:
        columns = ", ".join(f'"{name}"' for name in table.file_schema.names)
        self._select = f"SELECT count(*), coalesce(sum(hash({columns})::HUGEINT), 0) FROM"
        self._connection = duckdb.connect(config={"threads": 1})
        self._count, self._sum = 0, 0
        self._waiting: list[pa.Table] = []
        self._bytes = 0

    def __enter__(self) -> Self:
        """Begin with no rows."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave DuckDB."""
        self._connection.close()

    def add(self, rows: pa.Table) -> None:
        """Add rows with the columns of the table's files."""
        self._waiting.append(rows)
        self._bytes += rows.nbytes
        if self._bytes > _AT_ONCE:
            self._hash()

    def add_file(self, file: Path) -> None:
        """Add the rows of a local Parquet file."""
        self._add(f"{self._select} read_parquet($path, hive_partitioning = false)", {"path": str(file)})

    def take(self) -> tuple[int, int]:
        """Return the number of rows and the sum of their hashes, and begin anew."""
        self._hash()
        found, self._count, self._sum = (self._count, self._sum), 0, 0
        return found

    def _hash(self) -> None:
        if self._waiting:
            self._connection.register("given", pa.concat_tables(self._waiting))
            self._add(f"{self._select} given")
            self._connection.unregister("given")
            self._waiting, self._bytes = [], 0

    def _add(self, select: str, values: dict[str, Any] | None = None) -> None:
        ((count, total),) = self._connection.execute(select, values).fetchall()
        self._count, self._sum = self._count + count, self._sum + total
