"""Read Arrow files, stream or file form, batch by batch: `datasets` keeps its tables so.

Batches may be compressed, and offsets in them may point anywhere. So each batch's sizes are checked before it is
unpacked, and each batch is validated before a value is read.
"""

import struct
from collections.abc import Iterator
from typing import IO, Any

import pyarrow as pa

from samples.errors import first_line
from samples.files.errors import BadFile
from samples.files.rows import FileRow
from samples.files.unpack import FREE, MOST_TIMES

_MAGIC = b"ARROW1\0\0"  # the file form is the stream form behind it, with a directory that is not needed here
_PREFIX = 8  # bytes before a compressed buffer: how many bytes it unpacks to
_LENGTH, _BUFFERS, _COMPRESSION = 0, 2, 3  # fields of a record batch in Arrow's Message.fbs


def arrow_rows(file: IO[bytes], _: int) -> Iterator[FileRow]:
    """Yield each row as an object."""
    number = 0
    try:
        if file.read(len(_MAGIC)) != _MAGIC:
            file.seek(0)
        for batch in _batches(file):
            batch.validate(full=True)
            for row in range(batch.num_rows):  # one at a time: a value that they share would be copied for each
                number += 1
                yield FileRow(f"row {number}", batch.slice(row, 1).to_pylist()[0])
    except MemoryError:  # ArrowMemoryError is an ArrowException too
        raise
    except (pa.ArrowException, OSError, ValueError, struct.error) as error:
        place = f"after row {number}" if number else ""
        raise BadFile(f"is not a complete Arrow file: {first_line(error)}", place) from error


def _batches(file: IO[bytes]) -> Iterator[pa.RecordBatch]:
    messages = pa.ipc.MessageReader.open_stream(pa.PythonFile(file, "r"))
    try:
        first = messages.read_next_message()
    except StopIteration as error:
        raise BadFile("is not a complete Arrow file: it is empty") from error
    if first.type != "schema":
        raise BadFile(f"is no Arrow file: it begins with a {first.type}")
    schema = pa.ipc.read_schema(first)
    while True:
        try:
            message = messages.read_next_message()
        except StopIteration:
            return
        if message.type != "record batch":
            raise BadFile(f'holds a message of type "{message.type}"; save its columns as plain ones, not dictionaries')
        _require_bounds(message)
        yield pa.ipc.read_record_batch(message, schema)


def _require_bounds(message: Any) -> None:
    """Check how many rows a batch says it has, and how many bytes it unpacks to.

    Raises:
        BadFile: They are too many for its size.
    """
    body: Any = message.body
    packed = max(body.size if body is not None else 0, 1)
    batch = _Table.root(message.metadata.to_pybytes()).table(2)
    unpacked = batch.number(_LENGTH)
    if batch.has(_COMPRESSION):
        for offset, length in batch.pairs(_BUFFERS):
            if length >= _PREFIX:
                said = struct.unpack("<q", body.slice(offset, _PREFIX).to_pybytes())[0]
                unpacked += max(said, 0)
    if unpacked > FREE and unpacked > MOST_TIMES * packed:
        raise BadFile(f"unpacks to more than {MOST_TIMES} times its size; a file of rows does not")


class _Table:
    """One table of a flatbuffer, the form of Arrow's metadata."""

    def __init__(self, data: bytes, at: int) -> None:
        self._data, self._at = data, at
        self._fields = at - struct.unpack_from("<i", data, at)[0]
        self._size = struct.unpack_from("<H", data, self._fields)[0]

    @classmethod
    def root(cls, data: bytes) -> "_Table":
        """Return the outermost table."""
        return cls(data, struct.unpack_from("<I", data, 0)[0])

    def _place(self, field: int) -> int:
        """Return where a field is; 0 if it is absent."""
        slot = 4 + 2 * field
        offset = struct.unpack_from("<H", self._data, self._fields + slot)[0] if slot < self._size else 0
        return self._at + offset if offset else 0

    def has(self, field: int) -> bool:
        """Return whether a field is there."""
        return bool(self._place(field))

    def number(self, field: int) -> int:
        """Return a field of 64 bits; 0 if it is absent."""
        place = self._place(field)
        return struct.unpack_from("<q", self._data, place)[0] if place else 0

    def table(self, field: int) -> "_Table":
        """Return the table that a field holds."""
        place = self._place(field)
        if not place:
            raise ValueError("its metadata is incomplete")
        return _Table(self._data, place + struct.unpack_from("<I", self._data, place)[0])

    def pairs(self, field: int) -> Iterator[tuple[int, int]]:
        """Yield the pairs of 64-bit numbers that a field lists."""
        if place := self._place(field):
            start = place + struct.unpack_from("<I", self._data, place)[0]
            count = struct.unpack_from("<I", self._data, start)[0]
            for number in range(count):
                yield struct.unpack_from("<qq", self._data, start + 4 + 16 * number)
