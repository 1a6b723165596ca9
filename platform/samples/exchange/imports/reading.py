"""Read files of samples value by value: JSON lines, JSON, CSV, YAML, Parquet, Arrow, and the zip files of Inspect.

A file is read more than once, in bounded memory, so a file from elsewhere is copied to this machine first. An error in
one line belongs to that line, and reading goes on. An error of the whole file ends the reading. Several files are read
one after the other, as if they were one.
"""

import hashlib
import shutil
import tempfile
import zipfile
from collections.abc import Container, Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import IO, Any

from samples.errors import FileError, UsageError, first_line
from samples.files import rows
from samples.files.arrow_stream import arrow_rows
from samples.files.errors import BadFile, BadRow
from samples.files.json_shape import json_rows
from samples.files.open import open_file
from samples.files.rows import FileRow, parse_json, reader_of, too_long
from samples.files.unpack import zip_entry
from samples.files.yaml_document import yaml_rows
from samples.lines import without_keys

_LONGEST = 256 << 20  # bytes of one line: a thousand completions of 16k tokens
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Source:
    """A file on this machine: its path, the name people gave, the SHA-256 of its bytes, and its modification time.

    `found`: nobody named it, it was found in a folder.
    """

    path: Path
    name: str
    content: str
    written: int
    found: bool = False

    @property
    def base(self) -> str:
        """The name without folders and keys."""
        return without_keys(self.name.rstrip("/").rpartition("/")[2])


@dataclass(frozen=True)
class Sources:
    """The files of one run, in order."""

    files: tuple[Source, ...]

    @property
    def name(self) -> str:
        """The name that people gave the file; of several, the first and last with their number."""
        return _ends([source.name for source in self.files])

    @property
    def base(self) -> str:
        """The same without folders and keys."""
        return _ends([source.base for source in self.files])

    @cached_property
    def content(self) -> str:
        """The SHA-256 of a file's bytes; of several files, that of their hashes in order."""
        hashes = [source.content for source in self.files]
        return hashes[0] if len(hashes) == 1 else hashlib.sha256("\n".join(hashes).encode()).hexdigest()

    def where(self, place: str) -> str:
        """Return a place with its file. Places in several files name theirs already."""
        return f"{self.files[0].name} {place}" if len(self.files) == 1 else place

    def place(self, source: Source, place: str) -> str:
        """Return the place of a row of one of the files."""
        return place if len(self.files) == 1 else f"{source.name} {place}"


def _ends(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} … {names[-1]} ({len(names)} files)"


@contextmanager
def local_copies(names: Sequence[str], found: Container[str] = ()) -> Generator[Sources]:
    """Read files whole, once, as `local_copy` does. Those in `found` were found in a folder.

    Raises:
        FileError: A file cannot be read.
        UsageError: Two files are the same.
        MissingExtra: The package that reads this kind of URI is not installed.
    """
    with ExitStack() as stack:
        files = tuple(replace(stack.enter_context(local_copy(name)), found=name in found) for name in names)
        firsts: dict[str, str] = {}
        for source in files:
            if (first := firsts.setdefault(source.content, source.name)) != source.name:
                raise UsageError(f"{source.name}: has the same bytes as {first}; name one of them")
        yield Sources(files)


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


def read_values(source: Source) -> Generator[FileRow]:
    """Yield every value of a file in order, with its place. The extension names the format; .gz or .zst may follow.

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


def _csv_rows(file: IO[bytes], longest: int) -> Iterator[FileRow]:
    """Yield the records of a CSV file; an empty cell is a missing value, and a cell that is a JSON list is a list."""
    for place, record in rows.csv_records(file, longest):
        yield FileRow(place, {name: _cell(text) for name, text in record.items()})


def _cell(text: str) -> Any:
    if not text.startswith("[") or not text.endswith("]"):
        return text or None
    value = parse_json(text.encode())
    return value if isinstance(value, list) else text


def _eval_log(file: IO[bytes], longest: int) -> Iterator[FileRow]:
    """Yield the samples of an Inspect log: a zip that holds one JSON file per sample."""
    try:
        with zipfile.ZipFile(file) as archive:
            for entry in archive.infolist():
                if entry.filename.startswith("samples/") and entry.filename.endswith(".json"):
                    yield FileRow(entry.filename, _entry(archive, entry, longest))
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
    ".json": json_rows,
    ".csv": _csv_rows,
    ".yaml": yaml_rows,
    ".yml": yaml_rows,
    ".parquet": rows.parquet_rows,
    ".arrow": arrow_rows,
    ".eval": _eval_log,
}
EXTENSIONS = tuple(_FORMATS)
