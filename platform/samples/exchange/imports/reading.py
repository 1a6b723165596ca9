"""Files of samples, value by value: JSON lines, JSON, Parquet, and the zip files of Inspect.

A file is read more than once, in bounded memory, so one that lies elsewhere is first copied here. What is wrong with
a single line is that line's own affair, and the reading goes on; what is wrong with the file ends it.
"""

import gzip
import hashlib
import json
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from samples.errors import ProblemsError, UsageError
from samples.exchange.imports.fields import BadRow
from samples.files.json_stream import NotReadableError, elements
from samples.files.open import opened
from samples.files.rows import first_line

_LONGEST = 256 << 20  # bytes of one line: a thousand completions of 16k tokens
_CHUNK = 1 << 20
_ROWS = 64  # of Parquet at once; a row of tokens can be megabytes

Placed = tuple[str, Any]  # the place that an error names, and the value there; or a BadRow in its stead


@dataclass(frozen=True)
class Source:
    """A file that is here: where it is read, what people call it, the SHA-256 of its bytes, when it was written."""

    path: Path
    name: str
    content: str
    written: int

    @property
    def base(self) -> str:
        """Its name without folders."""
        return self.name.rstrip("/").rpartition("/")[2]


@contextmanager
def fetched(name: str) -> Generator[Source]:
    """Read a path or URI whole, once; a file that lies elsewhere is a copy until the context ends.

    Raises:
        UsageError: It cannot be read.
        MissingExtra: The package that reads such a place is not installed.
    """
    folder = Path(tempfile.mkdtemp(prefix="samples-import-"))
    try:
        path = Path(name).expanduser()
        local = "://" not in name
        copy = folder / "copy"
        digest = hashlib.sha256()
        with opened(name) as file, copy.open("wb") as sink:
            written = path.stat().st_mtime_ns if local else 0
            while data := file.read(_CHUNK):
                digest.update(data)
                if not local:
                    sink.write(data)
        here = path if local else copy
        yield Source(here, name, digest.hexdigest(), written or here.stat().st_mtime_ns)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def values(source: Source) -> Iterator[Placed]:
    """Yield every value of a file with its place, in order. The format is that of the extension; .gz may follow.

    Raises:
        UsageError: The file is not what its extension says, or was written to since it was fetched.
    """
    stem = source.base.lower().removesuffix(".gz")
    extension = stem[stem.rfind(".") :]
    if extension not in _READERS:
        raise UsageError(f"{source.name}: its extension is none of {', '.join(_READERS)} (and .gz after them)")
    packed = source.base.lower().endswith(".gz")
    try:
        with source.path.open("rb") as raw, gzip.open(raw) if packed else raw as file:
            yield from _READERS[extension](file)  # pyright: ignore[reportArgumentType]  # a GzipFile reads as well
        if source.path.stat().st_mtime_ns != source.written:
            raise UsageError(f"{source.name}: was written to while it was read; nothing is imported, try again later")
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise UsageError(f"{source.name}: is no complete gzip file: {error}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{source.name}: is not UTF-8 ({error.reason}); save the file as UTF-8") from error
    except NotReadableError as error:
        raise UsageError(f"{source.name}: {error}") from error
    except OSError as error:
        raise ProblemsError(f"{source.name}: cannot be read: {first_line(error)}") from error


def _json_lines(file: IO[bytes]) -> Iterator[Placed]:
    number = 0
    while line := file.readline(_LONGEST):
        number += 1
        place = f"line {number}"
        if len(line) == _LONGEST and not line.endswith(b"\n"):
            yield place, BadRow(f"is longer than {_LONGEST >> 20} MB")
            while line and not line.endswith(b"\n"):
                line = file.readline(_LONGEST)
        elif line.strip():
            yield place, _parsed(line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line)


def _parsed(data: bytes) -> Any:
    try:
        return json.loads(data.decode())
    except UnicodeDecodeError as error:
        return BadRow(f"is not UTF-8 ({error.reason})")
    except json.JSONDecodeError as error:
        return BadRow(f"is not JSON: {error.msg} at column {error.colno}")
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, lists nested as deep
        return BadRow(f"cannot be read as JSON: {first_line(error)}")


def _json(file: IO[bytes]) -> Iterator[Placed]:
    number = 0
    try:
        for number, value in enumerate(elements(file, "samples", _LONGEST), 1):
            yield f"row {number}", value
    except NotReadableError as error:
        raise NotReadableError(f"{f'behind row {number}: ' if number else ''}{error}") from error


def _parquet(file: IO[bytes]) -> Iterator[Placed]:
    number = 0
    try:
        table = pq.ParquetFile(file, pre_buffer=False, buffer_size=_CHUNK)
        for batch in table.iter_batches(batch_size=_ROWS, use_threads=False):
            for values in batch.to_pylist():
                number += 1
                yield f"row {number}", values
    except (pa.ArrowException, ValueError) as error:
        where = f"behind row {number}: " if number else ""
        raise NotReadableError(f"{where}is no complete Parquet file: {first_line(error)}") from error


def _zip(file: IO[bytes]) -> Iterator[Placed]:
    try:
        with zipfile.ZipFile(file) as archive:
            for entry in archive.infolist():
                if entry.filename.startswith("samples/") and entry.filename.endswith(".json"):
                    long = entry.file_size > _LONGEST
                    data = b"" if long else archive.read(entry)
                    yield entry.filename, BadRow(f"is longer than {_LONGEST >> 20} MB") if long else _parsed(data)
    except NotImplementedError as error:  # zstd, before Python 3.14
        raise NotReadableError(f"{error}; write it as JSON first: inspect log convert --to json") from error
    except zipfile.BadZipFile as error:
        raise NotReadableError(f"is no complete .eval file: {error}") from error


_READERS: dict[str, Callable[[IO[bytes]], Iterator[Placed]]] = {
    ".jsonl": _json_lines,
    ".json": _json,
    ".parquet": _parquet,
    ".eval": _zip,
}
