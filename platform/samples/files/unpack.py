"""Unpack compressed files within bounds: a few kilobytes may unpack to terabytes.

What holds rows shrinks by a factor of 3 to 50, and hardly ever by more than 100. A file that unpacks to more than
`MOST_TIMES` its size, beyond `FREE` bytes, is no file of rows, and reading it ends. Zip files are read entry by entry,
whatever their directory says of the sizes.
"""

import gzip
import io
import struct
import zipfile
import zlib
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from samples.errors import first_line
from samples.files.errors import BadFile, BadRow

FREE = 256 << 20  # bytes
MOST_TIMES = 200
_CHUNK = 1 << 20
_ZSTD = 93  # the method of zip's zstd entries: Python's zipfile knows it from 3.14 on
_LOCAL = struct.Struct(
    "<4s22xHH"
)  # of an entry's own header: signature, and the lengths of its name and of its extra field
_METHODS = {zipfile.ZIP_BZIP2: "bzip2", zipfile.ZIP_LZMA: "lzma"}


class Gunzip(gzip.GzipFile):
    """A gzip file that is read forwards, in bounds."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(fileobj=file, mode="rb")
        self._packed = file

    def read(self, size: int | None = -1) -> bytes:
        """Read bytes, as GzipFile does.

        Raises:
            BadFile: Too many bytes have been unpacked.
        """
        return self._in_bounds(super().read(size))

    def readline(self, size: int | None = -1) -> bytes:
        """Read a line, as GzipFile does.

        Raises:
            BadFile: Too many bytes have been unpacked.
        """
        return self._in_bounds(super().readline(size))

    def _in_bounds(self, data: bytes) -> bytes:
        unpacked = self.tell()
        if unpacked > FREE and unpacked > MOST_TIMES * self._packed.tell():
            raise BadFile(f"unpacks to more than {MOST_TIMES} times its size; a file of rows does not")
        return data


class Unzstd(io.RawIOBase):
    """A zstd file that is read forwards, or from its start again, in bounds. Put a `BufferedReader` around it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._packed = file
        self._start()

    def _start(self) -> None:
        self._packed.seek(0)
        self._stream: Any = pa.CompressedInputStream(pa.PythonFile(_Kept(self._packed), "r"), "zstd")
        self._unpacked = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True: to the start."""
        return True

    def tell(self) -> int:
        """Return how many bytes were read."""
        return self._unpacked

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to the start, or stay.

        Raises:
            io.UnsupportedOperation: Another place is meant.
        """
        if (offset, whence) == (0, io.SEEK_SET):
            self._start()
        elif (offset, whence) != (0, io.SEEK_CUR):
            raise io.UnsupportedOperation("a zstd file is read forwards")
        return self._unpacked

    def readinto(self, buffer: Any) -> int:
        """Read bytes into a buffer.

        Raises:
            BadFile: It is no zstd file, or too many bytes have been unpacked.
        """
        try:
            data: bytes = self._stream.read(min(len(buffer), _CHUNK))
        except (pa.ArrowException, OSError) as error:
            raise BadFile(f"is not a complete zstd file: {first_line(error)}") from error
        buffer[: len(data)] = data
        self._unpacked += len(data)
        if self._unpacked > FREE and self._unpacked > MOST_TIMES * self._packed.tell():
            raise BadFile(f"unpacks to more than {MOST_TIMES} times its size; a file of rows does not")
        return len(data)


class _Kept:
    """A file whose reader does not close it."""

    closed = False

    def __init__(self, file: IO[bytes]) -> None:
        self.read, self.tell = file.read, file.tell

    def close(self) -> None:
        """Leave the file open."""


def zip_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, longest: int) -> bytes:
    """Unpack one entry of a zip file.

    Raises:
        BadRow: It has more than `longest` bytes, or is damaged, or has another size than the directory says.
        BadFile: It is compressed in a way that cannot be unpacked piece by piece.
    """
    if entry.compress_type == _ZSTD:
        return _zstd_entry(archive, entry, longest)
    if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        method = _METHODS.get(entry.compress_type, entry.compress_type)
        raise BadFile(f"entry {entry.filename} is compressed with {method}")
    parts: list[bytes] = []
    size = 0
    try:
        with archive.open(entry) as file:
            while data := file.read(_CHUNK):
                size += len(data)
                if size > longest:
                    raise BadRow(f"is longer than {longest >> 20} MB")
                parts.append(data)
    except zipfile.BadZipFile as error:
        raise BadRow(f"is damaged: {error}") from error
    if size != entry.file_size:
        raise BadRow(f"has {size:,} bytes, but the directory of the file says {entry.file_size:,}")
    return b"".join(parts)


def _zstd_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, longest: int) -> bytes:
    file: Any = archive.fp
    file.seek(entry.header_offset)
    head = file.read(_LOCAL.size)
    if len(head) < _LOCAL.size or not head.startswith(b"PK\3\4"):
        raise BadRow("is damaged: its header is not where the directory of the file says")
    _, name, extra = _LOCAL.unpack(head)
    file.seek(name + extra, io.SEEK_CUR)
    if entry.compress_size > longest:
        raise BadRow(f"is longer than {longest >> 20} MB")
    packed = file.read(entry.compress_size)
    parts: list[bytes] = []
    size = crc = 0
    try:
        with pa.CompressedInputStream(pa.BufferReader(packed), "zstd") as stream:
            while data := stream.read(_CHUNK):
                size += len(data)
                if size > longest:
                    raise BadRow(f"is longer than {longest >> 20} MB")
                crc = zlib.crc32(data, crc)
                parts.append(data)
    except (pa.ArrowException, OSError) as error:
        raise BadRow(f"is damaged: {first_line(error)}") from error
    if size != entry.file_size:
        raise BadRow(f"has {size:,} bytes, but the directory of the file says {entry.file_size:,}")
    if crc != entry.CRC:
        raise BadRow("is damaged: its checksum is another")
    return b"".join(parts)


def parquet_batch(table: pq.ParquetFile, size: int, most: int) -> int:
    """Return how many rows of a Parquet file to read at once: at most `most`.

    A column's chunk is read as a whole, and its longest value may be as long as the chunk in every row. `size` is that
    of the file, in bytes.

    Raises:
        BadFile: A chunk unpacks to too many bytes or values.
    """
    about: Any = table.metadata
    largest = 1
    for group in range(about.num_row_groups):
        for number in range(about.num_columns):
            chunk: Any = about.row_group(group).column(number)
            packed = max(min(chunk.total_compressed_size, size), 1)
            unpacked = max(chunk.total_uncompressed_size, chunk.num_values)
            if unpacked > FREE and unpacked > MOST_TIMES * packed:
                raise BadFile(
                    f'column "{chunk.path_in_schema}" unpacks to more than {MOST_TIMES} times its size; rows do not'
                )
            if chunk.physical_type == "BYTE_ARRAY":
                largest = max(largest, chunk.total_uncompressed_size)
    return max(1, min(most, (2 * FREE) // largest))
