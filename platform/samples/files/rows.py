"""Formats of problem files: bytes in, rows out.

A row is an object whose values can be written as JSON, with the place that an error about it names. Blank lines are
no rows. NaN, which JSON does not have, is a missing value; what cannot be stored (bad UTF-8, half a surrogate pair)
is refused, with its line.
"""

import base64
import csv
import datetime as dt
import io
import json
import math
import sys
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq


class Row(NamedTuple):
    """One row of a source: its place ("line 41" of a text file, else "row 41", from 1) and its values by field."""

    place: str
    values: dict[str, Any]


class NotReadableError(Exception):
    """What is wrong with the bytes, beginning with where: " line 3: …", or ": …" where there are no lines."""


def read(extension: str, data: bytes) -> list[Row]:
    """Read the rows of a file with this extension (one of `EXTENSIONS`), in order.

    Raises:
        NotReadableError: The bytes are not what the extension says, or hold what cannot be stored.
    """
    return [_storable(row) for row in _READERS[extension](data)]


def jsonable(value: Any) -> Any:  # noqa: PLR0911 - one return per kind of value
    """Return `value` as JSON has it; what JSON lacks becomes null (NaN) or text (bytes as base64, dates ISO 8601)."""
    match value:
        case float():
            return value if math.isfinite(value) else None if math.isnan(value) else str(value)
        case None | bool() | int() | str():
            return value
        case dict():
            return {str(key): jsonable(item) for key, item in value.items()}
        case list() | tuple():
            return [jsonable(item) for item in value]
        case set() | frozenset():
            return [jsonable(item) for item in sorted(value, key=repr)]
        case bytes():
            return base64.b64encode(value).decode()
        case dt.date() | dt.time():
            return value.isoformat()
        case _:
            return jsonable(value.tolist()) if hasattr(value, "tolist") else str(value)


def first_line(error: Exception) -> str:
    """Return the first line of an error's message, or its kind where it has none."""
    return next(iter(str(error).splitlines()), type(error).__name__)


def _storable(row: Row) -> Row:
    try:
        values = jsonable(row.values)
        json.dumps(values, ensure_ascii=False).encode()
    except RecursionError as error:
        raise NotReadableError(f" {row.place}: is nested too deep to be stored") from error
    except UnicodeEncodeError as error:
        raise NotReadableError(f" {row.place}: holds half of a surrogate pair, which is no character") from error
    return Row(row.place, values)


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise NotReadableError(f" line {line}: is not UTF-8 ({error.reason}); save the file as UTF-8") from error


def _parsed(text: str, place: str | None) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        where = f"{place} column {error.colno}" if place else f"line {error.lineno} column {error.colno}"
        lines = "; a file of one object a line is named .jsonl" if error.msg == "Extra data" and not place else ""
        raise NotReadableError(f" {where}: is not JSON: {error.msg}{lines}") from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, lists nested as deep
        raise NotReadableError(f" {place or 'line 1'}: cannot be read as JSON: {first_line(error)}") from error


def _json_lines(data: bytes) -> Iterator[Row]:
    # Only \n ends a line: JSON strings may hold the other characters that splitlines() splits at.
    for number, line in enumerate(_text(data).split("\n"), 1):
        if line.strip():
            yield _object(_parsed(line.strip(), f"line {number}"), f"line {number}")


def _json(data: bytes) -> Iterator[Row]:
    value = _parsed(_text(data), None)
    if isinstance(value, dict):  # {"version": …, "data": [...]}
        lists = {key: item for key, item in value.items() if isinstance(item, list)}
        if len(lists) != 1:
            found = ", ".join(lists) or "none"
            raise NotReadableError(f": is an object; the one list of problems in it is not clear (lists: {found})")
        (value,) = lists.values()
    if not isinstance(value, list):
        raise NotReadableError(f": holds a {type(value).__name__}; a list of objects is expected")
    for number, item in enumerate(value, 1):
        yield _object(item, f"row {number}")


def _object(value: Any, place: str) -> Row:
    if not isinstance(value, dict):
        raise NotReadableError(f" {place}: is {json.dumps(value)[:40]}; an object {{…}} with fields is expected")
    return Row(place, value)


def _csv(data: bytes) -> Iterator[Row]:
    csv.field_size_limit(sys.maxsize)  # unit tests of code problems are longer than the default of 128 KiB
    reader = csv.reader(io.StringIO(_text(data), newline=""), strict=True)
    try:
        header = next(reader, [])
        if len(set(header)) < len(header):
            raise NotReadableError(" line 1: names a column twice; give each its own name")
        line = reader.line_num + 1  # a quoted cell may span lines: the record begins where the last one ended
        for cells in reader:
            if cells and len(cells) != len(header):
                expected = f"{len(cells)} cells, the header has {len(header)}"
                raise NotReadableError(f" line {line}: has {expected}; put cells that hold commas in quotes")
            if cells:
                yield Row(f"line {line}", dict(zip(header, cells, strict=True)))
            line = reader.line_num + 1
    except csv.Error as error:
        raise NotReadableError(f" line {reader.line_num}: is not CSV: {error}") from error


def _parquet(data: bytes) -> Iterator[Row]:
    try:
        found = pq.read_table(pa.BufferReader(data)).to_pylist()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise NotReadableError(f": is no complete Parquet file: {first_line(error)}") from error
    yield from (Row(f"row {number}", values) for number, values in enumerate(found, 1))


_READERS: dict[str, Callable[[bytes], Iterator[Row]]] = {
    ".jsonl": _json_lines,
    ".json": _json,
    ".csv": _csv,
    ".parquet": _parquet,
}
EXTENSIONS = tuple(_READERS)
