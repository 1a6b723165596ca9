"""Unpack compressed files within bounds: a few kilobytes may unpack to terabytes.

What holds rows shrinks by a factor of 3 to 50, and hardly ever by more than 100. A file that unpacks to more than
`MOST_TIMES` its size, beyond `FREE` bytes, is no file of rows, and reading it ends. Zip files are read entry by entry,
whatever their directory says of the sizes.
"""

import gzip
import zipfile
from typing import IO, Any

import pyarrow.parquet as pq

from samples.files.errors import BadFile, BadRow

FREE = 256 << 20  # bytes
MOST_TIMES = 200
_CHUNK = 1 << 20
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

    def unpack(self, sink: IO[bytes]) -> None:
        """Write all that the file holds to `sink`.

        Raises:
            BadFile: Too many bytes have been unpacked.
        """
        while data := self.read(_CHUNK):
            sink.write(data)

    def _in_bounds(self, data: bytes) -> bytes:
        unpacked = self.tell()
        if unpacked > FREE and unpacked > MOST_TIMES * self._packed.tell():
            raise BadFile(f"unpacks to more than {MOST_TIMES} times its size; a file of rows does not")
        return data


def zip_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, longest: int) -> bytes:
    """Unpack one entry of a zip file.

    Raises:
        BadRow: It has more than `longest` bytes, or is damaged, or has another size than the directory says.
        BadFile: It is compressed in a way that cannot be unpacked piece by piece.
    """
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
