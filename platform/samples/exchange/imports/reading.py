"""Read a file of samples value by value: JSON lines, JSON, Parquet, and the zip files of Inspect.

A file is read more than once, in bounded memory, so a file from elsewhere is copied to this machine first. An error in
one line belongs to that line, and reading goes on. An error of the whole file ends the reading.
"""

import hashlib
import shutil
import tempfile
import zipfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any

from samples.errors import FileError, UsageError, first_line
from samples.files import rows
from samples.files.errors import BadFile, BadRow
from samples.files.open import open_file
from samples.files.rows import FileRow, parse_json, reader_of, too_long
from samples.files.unpack import zip_entry
from samples.lines import without_keys

_LONGEST = 256 << 20  # bytes of one line: a thousand completions of 16k tokens
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Source:
    """A file on this machine: its path, the name people gave, the SHA-256 of its bytes, and its modification time."""

    path: Path
    name: str
    content: str
    written: int

    @property
    def base(self) -> str:
        """The name without folders and keys."""
        return without_keys(self.name.rstrip("/").rpartition("/")[2])


@contextmanager
def local_copy(name: str) -> Generator[Source]:
    """Read a path or URI whole, once. A file from elsewhere is copied here until the context ends.

    Raises:
        FileError: The file cannot be read.
        MissingExtra: The package that reads this kind of URI is not installed.
    """
    folder = Path(tempfile.mkdtemp(prefix="samples-import-"))
    try:
        path = Path(name).expanduser()
        local = "://" not in name
        copy = folder / "copy"
        digest = hashlib.sha256()
        with open_file(name) as file, copy.open("wb") as sink:
            written = path.stat().st_mtime_ns if local else 0
            while data := file.read(_CHUNK):
                digest.update(data)
                if not local:
                    sink.write(data)
        here = path if local else copy
        yield Source(here, name, digest.hexdigest(), written or here.stat().st_mtime_ns)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def read_values(source: Source) -> Iterator[FileRow]:
    """Yield every value of a file in order, with its place. The extension names the format; .gz may follow.

    Raises:
        FileError: The file is not what its extension says.
        UsageError: Somebody wrote to the file since it was copied.
    """
    read = reader_of(source.name, _FORMATS, _LONGEST)
    try:
        with source.path.open("rb") as file:
            yield from read(file)
        if source.path.stat().st_mtime_ns != source.written:
            raise UsageError(f"{source.name}: was written to while it was read; nothing is imported, try again later")
    except OSError as error:
        raise FileError(f"{source.name}: cannot be read: {first_line(error)}") from error


def _eval_log(file: IO[bytes], longest: int) -> Iterator[FileRow]:
    """Yield the samples of an Inspect log: a zip that holds one JSON file per sample."""
    try:
        with zipfile.ZipFile(file) as archive:
            for entry in archive.infolist():
                if entry.filename.startswith("samples/") and entry.filename.endswith(".json"):
                    yield FileRow(entry.filename, _entry(archive, entry, longest))
    except NotImplementedError as error:  # zstd, before Python 3.14
        raise BadFile(f"{error}; convert it to JSON first: inspect log convert --to json") from error
    except zipfile.BadZipFile as error:
        raise BadFile(f"is not a complete .eval file: {error}") from error


def _entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, longest: int) -> Any:
    """Return the JSON value of one entry, or a `BadRow` that says why there is none."""
    if entry.file_size > longest:
        return too_long(longest)
    try:
        return parse_json(zip_entry(archive, entry, longest))
    except BadRow as error:
        return error


_FORMATS: dict[str, rows.Reader] = {
    ".jsonl": rows.json_lines,
    ".json": partial(rows.json_document, key="samples"),
    ".parquet": rows.parquet_rows,
    ".eval": _eval_log,
}
