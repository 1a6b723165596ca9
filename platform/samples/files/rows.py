"""Formats of files: bytes in, rows out, one at a time.

A row that cannot be read comes out as a `BadRow`, and reading goes on with the next one. An error that ends the reading
is a `FileError`; it names the file and the place. Blank lines are not rows.
"""

import csv
import gzip
import io
import json
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from shutil import copyfileobj
from typing import IO, Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from samples.errors import FileError, first_line
from samples.files.errors import BadFile, BadRow
from samples.files.json_stream import elements
from samples.files.unpack import Gunzip, Unzstd, parquet_batch

_BUFFER_BYTES = 1 << 20
_PARQUET_ROWS = 64  # read at once: a row of tokens can be megabytes
_BOM = b"\xef\xbb\xbf"


class FileRow(NamedTuple):
    """One row of a file.

    `place` is "line 41" in a text file and "row 41" elsewhere, from 1. `value` is a JSON value, or a `BadRow` that says
    why there is none.
    """

    place: str
    value: Any


Reader = Callable[[IO[bytes], int], Iterator[FileRow]]  # takes a file and the longest row allowed, in bytes


def reader_of(
    name: str, formats: Mapping[str, Reader], longest: int = sys.maxsize
) -> Callable[[IO[bytes]], Iterator[FileRow]]:
    """Return what reads the rows of the file `name`, chosen by its extension; .gz or .zst may follow it.

    `formats` maps the known extensions to their readers. `longest` bounds one row of text, in bytes.

    Raises:
        FileError: The extension is unknown. While reading: the file is not what its extension says.
    """
    stem = name.lower().removesuffix(".gz").removesuffix(".zst")
    extension = stem[stem.rfind(".") :]
    if extension not in formats:
        raise FileError(f"{name}: unknown extension; known are {', '.join(formats)}, and .gz or .zst after them")
    return partial(_read, name, formats[extension], longest)


def _read(name: str, reader: Reader, longest: int, file: IO[bytes]) -> Iterator[FileRow]:
    try:
        if name.lower().endswith((".gz", ".zst")):
            with _unpacking(name, file) as unpacked:
                if reader is parquet_rows:  # it is not read forwards
                    with tempfile.TemporaryFile() as whole:
                        copyfileobj(unpacked, whole, _BUFFER_BYTES)
                        whole.seek(0)
                        yield from reader(whole, longest)
                else:
                    yield from reader(unpacked, longest)
        else:
            yield from reader(file, longest)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise FileError(f"{name}: is not a complete gzip file: {error}") from error
    except BadFile as error:
        raise FileError(f"{name} {error.place}: {error}" if error.place else f"{name}: {error}") from error
    except MemoryError as error:  # a small .gz may hold a huge row
        raise FileError(f"{name}: a row of it needs more memory than there is") from error
    except OSError as error:
        raise FileError(f"{name}: cannot be read: {first_line(error)}") from error


def _unpacking(name: str, file: IO[bytes]) -> IO[bytes]:
    if name.lower().endswith(".gz"):
        return Gunzip(file)  # pyright: ignore[reportReturnType]  # a GzipFile reads too
    return io.BufferedReader(Unzstd(file), _BUFFER_BYTES)


def parse_json(data: bytes) -> Any:
    """Return the JSON value that the bytes are, or a `BadRow` that says why they are none."""
    try:
        return _parsed(_decoded(data))
    except BadRow as error:
        return error


def _parsed(text: str) -> Any:
    """Return the JSON value that the text is. Blanks around it may be any that Unicode knows, such as U+00A0."""
    text = text.rstrip()
    try:
        return json.loads(text.lstrip().rjust(len(text)))  # columns of errors stay right
    except json.JSONDecodeError as error:
        raise BadRow(f"is not JSON: {error.msg} at column {error.colno}") from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, lists nested as deep
        raise BadRow(f"cannot be read as JSON: {first_line(error)}") from error


def too_long(longest: int) -> BadRow:
    """Return the error of a row that has more than `longest` bytes."""
    return BadRow(f"is longer than {longest >> 20} MB")


def json_lines(file: IO[bytes], longest: int) -> Iterator[FileRow]:
    r"""Yield one value per line. Only \n ends a line: JSON strings may hold other line separators."""
    number = 0
    while line := file.readline(longest):
        number += 1
        if len(line) == longest and not line.endswith(b"\n"):
            yield FileRow(f"line {number}", too_long(longest))
            while line and not line.endswith(b"\n"):
                line = file.readline(longest)
            continue
        if number == 1:
            line = line.removeprefix(_BOM)
        if line.decode(errors="replace").strip():  # text, because only text knows the blanks beyond ASCII
            yield FileRow(f"line {number}", parse_json(line))


def json_document(file: IO[bytes], longest: int, key: str | None = None) -> Iterator[FileRow]:
    """Yield the elements of the list that a JSON document is, or holds under `key` (None: holds as its only list)."""
    number = 0
    try:
        for number, value in enumerate(elements(file, key, longest), 1):
            yield FileRow(f"row {number}", value)
    except BadFile as error:
        after = [f"after row {number}"] if number else []
        raise BadFile(str(error), ", ".join([error.place, *after] if error.place else after)) from error


def csv_records(file: IO[bytes], longest: int) -> Iterator[FileRow]:
    """Yield each record as an object: the names of the first line, and the record's cells as text."""
    csv.field_size_limit(sys.maxsize)  # unit tests of code problems are longer than the default of 128 KiB
    reader = csv.reader(_text_lines(file, longest), strict=True)
    try:
        header = next(reader, [])
        if len(set(header)) < len(header):
            raise BadFile("names a column twice; give each its own name", "line 1")
        line = reader.line_num + 1  # a quoted cell may span lines: the record begins where the last one ended
        for cells in reader:
            if cells and len(cells) != len(header):
                found = f"{len(cells)} cells, the header has {len(header)}"
                raise BadFile(f"has {found}; put cells that hold commas in quotes", f"line {line}")
            if cells:
                yield FileRow(f"line {line}", dict(zip(header, cells, strict=True)))
            line = reader.line_num + 1
    except csv.Error as error:
        raise BadFile(f"is not CSV: {error}", f"line {reader.line_num}") from error


def _text_lines(file: IO[bytes], longest: int) -> Iterator[str]:
    for number, line in enumerate(iter(partial(file.readline, longest), b""), 1):
        if len(line) == longest and not line.endswith(b"\n"):
            raise BadFile(str(too_long(longest)), f"line {number}")
        try:
            text = _decoded(line.removeprefix(_BOM) if number == 1 else line)
        except BadRow as error:
            raise BadFile(str(error), f"line {number}") from error
        yield from io.StringIO(text, newline="")  # \r alone ends a line too


def _decoded(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise BadRow(f"is not UTF-8 ({error.reason}); save the file as UTF-8") from error


def parquet_rows(file: IO[bytes], _: int) -> Iterator[FileRow]:
    """Yield each row as an object."""
    number = 0
    try:
        size = file.seek(0, io.SEEK_END)
        table = pq.ParquetFile(file, pre_buffer=False, buffer_size=_BUFFER_BYTES)
        rows = parquet_batch(table, size, _PARQUET_ROWS)
        for batch in table.iter_batches(batch_size=rows, use_threads=False):
            for row in range(batch.num_rows):  # one at a time: a value that they share would be copied for each
                number += 1
                yield FileRow(f"row {number}", batch.slice(row, 1).to_pylist()[0])
    except MemoryError:  # ArrowMemoryError is an ArrowException too
        raise
    except (pa.ArrowException, OSError, ValueError) as error:
        place = f"after row {number}" if number else ""
        raise BadFile(f"is not a complete Parquet file: {first_line(error)}", place) from error


FORMATS: dict[str, Reader] = {
    ".jsonl": json_lines,
    ".json": json_document,
    ".csv": csv_records,
    ".parquet": parquet_rows,
}
