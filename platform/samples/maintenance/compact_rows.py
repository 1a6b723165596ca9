"""Read sorted files as one sorted stream of rows, in bounded memory.

Files are opened when the stream reaches their first key, and read batch by batch. A file that another tool wrote may be
in any order: it is read whole and sorted.
"""

from bisect import bisect_left
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq

from samples.lake import checksums, parquet
from samples.lake.storage import explained
from samples.lake.tables import Tables
from samples.maintenance.compact_digest import Digest
from samples.maintenance.compact_jobs import Input, Job, Key
from samples.units import packed, segment

_WHOLE = 16 << 20  # bytes: smaller files are read in one piece, and compared with their checksums
_AHEAD = 16  # of these are asked for before they are needed: a store answers many requests at once
_FACTS = 1000  # tables of facts that are put together: each alone takes more memory than its values
_BATCH_HEAVY, _BATCH_NARROW = 256, 8192  # rows


class Files:
    """The files of a job. `digest` is of all rows read so far; `facts` are those of the segments that were opened."""

    def __init__(self, lake: Tables, job: Job) -> None:
        self._lake, self._job = lake, job
        self._stack = ExitStack()
        self._pool = self._stack.enter_context(ThreadPoolExecutor(_AHEAD))
        self._next = deque(file for file in job.files if file.size < _WHOLE)
        self._coming: dict[str, Future[bytes | None]] = {}
        self.digest = self._stack.enter_context(Digest(job.table))
        self.facts: list[pa.Table] = []
        self.read = 0  # bytes of files that are at their end

    def __enter__(self) -> Self:
        """Open no file yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the files."""
        for future in self._coming.values():
            future.cancel()
        self._stack.close()

    def batches(self, file: Input) -> Iterator[pa.Table]:
        """Yield the rows of one file, sorted, with the columns of the table's files.

        Raises:
            LakeError: It cannot be read, or its bytes have changed since it was written.
        """
        table = self._job.table
        where = f"{self._lake.place.table_uri(table.name)}/{file.path}"
        with explained(where):
            opened = self._open(file, where)
            if self._job.segments:
                self._take_facts(file, opened.metadata)
            if file.sorted:
                count = _BATCH_HEAVY if parquet.is_heavy(table) else _BATCH_NARROW
                # The columns of a small file in threads take twice as long as one after another.
                batches = opened.iter_batches(count, use_threads=file.size >= _WHOLE)
                tables = (pa.Table.from_batches([batch]) for batch in batches)
            else:
                tables = iter([parquet.in_order(table, _declared(table.file_schema, opened.read()))])
            for some in tables:
                rows = _declared(table.file_schema, some)
                self.digest.add(rows)
                yield rows
        self.read += file.size

    def _open(self, file: Input, where: str) -> pq.ParquetFile:
        name = self._job.table.name
        if file.size >= _WHOLE:
            if self._lake.place.is_local:
                checksums.verify([where], footers=True)
            filesystem = self._lake.place.filesystem(name, {file.path: file.size})
            return pq.ParquetFile(filesystem.open_input_file(file.path), page_checksum_verification=True)
        while self._next and len(self._coming) < _AHEAD:
            some = self._next.popleft()
            self._coming[some.path] = self._pool.submit(self._lake.place.get, f"{name}/{some.path}")
        future = self._coming.pop(file.path, None)
        if future is None:  # it came out of turn
            self._next = deque(one for one in self._next if one is not file)
            data = self._lake.place.get(f"{name}/{file.path}")
        else:
            data = future.result()
        if data is None:
            raise FileNotFoundError(where)
        checksums.compare(where, data, 0, file.size)
        return pq.ParquetFile(pa.BufferReader(data), page_checksum_verification=True)

    def _take_facts(self, file: Input, metadata: pq.FileMetaData) -> None:
        place, name = self._lake.place, self._job.table.name
        if segment.is_segment(file.path) and segment.has_facts(metadata.metadata or {}):
            self.facts.append(packed.with_drawn_by(*segment.facts_in(metadata.metadata)))
        elif found := packed.unpack(place, f"{name}/{file.path}", file.size, metadata):
            self.facts.append(found)
        if len(self.facts) > _FACTS:
            self.facts = [packed.together(self.facts)]


def _declared(schema: pa.Schema, rows: pa.Table) -> pa.Table:
    """Return rows with the declared columns. Files of earlier builds lack some."""
    for column in schema:
        if column.name not in rows.column_names:
            rows = rows.append_column(column.name, pa.nulls(rows.num_rows, column.type))
    return rows.select(schema.names).cast(schema)


@dataclass
class Cursor:
    """An open file: `rows` were read of it and not passed on; `more` are to come."""

    file: Input
    batches: Iterator[pa.Table]
    sort_by: Sequence[str]
    rows: pa.Table = field(init=False)
    more: bool = field(default=True, init=False)

    def __post_init__(self) -> None:
        """Read the first rows."""
        self.rows = next(self.batches, None) or pa.table({name: [] for name in self.sort_by})
        self.more = self.rows.num_rows > 0

    @property
    def ended(self) -> bool:
        """Whether all of its rows were taken."""
        return not self.more and not self.rows.num_rows

    @property
    def last(self) -> Key:
        """The key of the last row that was read."""
        return self._key(self.rows.num_rows - 1)

    def read_on(self) -> None:
        """Read further rows."""
        rows = next(self.batches, None)
        if rows is None:
            self.more = False
        else:
            self.rows = pa.concat_tables([self.rows, rows])

    def take(self, before: Key | None) -> pa.Table:
        """Take the rows whose key is less; all that were read if `before` is None."""
        count = self.rows.num_rows
        if before is not None:
            count = bisect_left(range(count), before, key=self._key)
        taken, self.rows = self.rows.slice(0, count), self.rows.slice(count)
        return taken

    def _key(self, row: int) -> Key:
        return tuple(self.rows[name][row].as_py() for name in self.sort_by)


def merged(job: Job, files: Files) -> Iterator[tuple[pa.Table | None, list[Input]]]:
    """Yield sorted rows, and the files that are at their end, if no other file is open then.

    Rows with the same sort key come together.
    """
    sort_by = job.table.sort_by
    if not sort_by:
        for file in job.files:
            for rows in files.batches(file):
                yield rows, []
        yield None, list(job.files)
        return
    waiting, opened, done = deque(job.files), list[Cursor](), list[Input]()
    while waiting or opened:
        coming = [waiting[0].first] if waiting else []
        end = min([*(one.last for one in opened if one.more), *coming], default=None)
        taken = [rows for one in opened if (rows := one.take(end)).num_rows]
        done += [one.file for one in opened if one.ended]
        opened = [one for one in opened if not one.ended]
        if taken or not opened:
            rows = pa.concat_tables(taken) if taken else None
            rows = rows.sort_by([(name, "ascending") for name in sort_by]) if rows and len(taken) > 1 else rows
            yield rows, [] if opened else done
            done = done if opened else []
        for one in opened:
            if one.more and one.last == end:
                one.read_on()
        if waiting and (not opened or waiting[0].first == end):
            file = waiting.popleft()
            opened.append(Cursor(file, files.batches(file), sort_by))
