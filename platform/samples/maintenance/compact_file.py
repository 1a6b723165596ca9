"""Write one file of a table row by row, on this machine: with the table's encodings, in row groups as they are read."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from samples.lake import checksums, parquet, stated
from samples.units import packed
from samples_schemas import Table


class LocalFile:
    """A file that grows. `rows` is their number, `distinct` says that no key was there twice."""

    def __init__(self, table: Table, path: Path) -> None:
        self.table, self.path = table, path
        self.rows, self.distinct = 0, True
        self._ranges: dict[str, tuple[object, object]] = {}
        self._sink = path.open("wb")
        self._writer = parquet.writer(table, self._sink)
        self._waiting: list[pa.Table] = []
        self._group = 0  # bytes in memory, or rows, that wait for their row group

    @property
    def size(self) -> int:
        """The bytes that were written so far; rows that wait for their row group are not counted."""
        return self._sink.tell()

    @property
    def stats(self) -> str:
        """What a commit states of it."""
        return parquet.stated(self.rows, self._ranges)

    def add(self, rows: pa.Table) -> None:
        """Add the next rows. All rows with one sort key come together."""
        self.rows += rows.num_rows
        self.distinct = self.distinct and stated.is_distinct(self.table, rows)
        for name, (least, greatest) in parquet.ranges(rows).items():
            before = self._ranges.get(name, (least, greatest))
            self._ranges[name] = min(before[0], least), max(before[1], greatest)  # pyright: ignore[reportArgumentType]
        self._waiting.append(rows)
        self._group += rows.nbytes if parquet.is_heavy(self.table) else rows.num_rows
        if self._group >= parquet.group_size(self.table):
            self._flush()

    def finish(self, facts: Sequence[pa.Table] = ()) -> None:
        """Write the last rows, the facts of their segments if there are any, and the footer."""
        self._flush()
        packed_facts = b""
        if facts:
            packed_facts, metadata = packed.pack(packed.together(facts))
            self._writer.add_key_value_metadata(metadata)
        self._writer.close()
        self._sink.close()
        if packed_facts:
            footer = checksums.footer_of(self.path)
            with self.path.open("r+b") as file:
                file.seek(footer)
                end = file.read()
                file.seek(footer)
                file.write(packed_facts + end)

    def close(self) -> None:
        """Remove it from this machine."""
        if not self._sink.closed:
            self._sink.close()
        self.path.unlink(missing_ok=True)

    def _flush(self) -> None:
        if self._waiting:
            rows = pa.concat_tables(self._waiting)
            self._writer.write_table(rows, row_group_size=parquet.group_rows(self.table, rows))
            self._waiting, self._group = [], 0
