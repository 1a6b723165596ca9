"""Columns of an answer in types that every format can write.

Times become ISO 8601 text, in UTC with a Z where they have a time zone. Intervals become ISO 8601 durations. Bytes
become hexadecimal text. Numbers, booleans, text, lists, maps and structs stay as they are.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute
from pyarrow import types

compute: Any = pyarrow.compute  # it makes its functions when it is imported, so a type checker sees none of them
Column = Any  # a pa.ChunkedArray; pyarrow's stubs know few of its functions

_BEYOND = "<value out of range"  # what Arrow writes for DuckDB's infinity


def plain(column: Column) -> Column:
    """Return the column with each value as it is written: a number, a boolean, text, or nested."""
    kind = column.type
    if types.is_dictionary(kind):
        return plain(column.cast(kind.value_type))
    if types.is_timestamp(kind) or types.is_date(kind) or types.is_time(kind):
        return _iso(column, kind)
    if types.is_interval(kind) or types.is_duration(kind) or types.is_union(kind) or _is_binary(kind):
        return pa.chunked_array([[text(value) for value in column.to_pylist()]], pa.string())
    if types.is_string_view(kind) or types.is_large_string(kind) or types.is_null(kind):
        return column.cast(pa.string())
    return column


def blocks(table: pa.Table, rows: int) -> Iterator[pa.Table]:
    """Yield a table in blocks of `rows` rows. A table without rows gives one empty block."""
    for start in range(0, max(1, table.num_rows), rows):
        yield table.slice(start, rows)


def is_number(kind: pa.DataType) -> bool:
    """Whether values of this type are numbers."""
    return types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)


def is_nested(kind: pa.DataType) -> bool:
    """Whether values of this type hold others: lists, maps, structs."""
    return types.is_nested(kind) and not types.is_union(kind)


def values(column: Column) -> list[Any]:
    """Return the values as Python objects; maps are dicts."""
    return column.to_pylist(maps_as_pydicts="strict")


def text(value: Any) -> str | None:
    """Write one value that is no number, list or map; None stays None."""
    if value is None:
        return None
    for kind, write in _WRITTEN.items():
        if isinstance(value, kind):
            return write(value)
    return str(value)


def _is_binary(kind: pa.DataType) -> bool:
    return (
        types.is_binary(kind)
        or types.is_large_binary(kind)
        or types.is_fixed_size_binary(kind)
        or types.is_binary_view(kind)
    )


def _iso(column: Column, kind: Any) -> Column:
    zone = types.is_timestamp(kind) and kind.tz is not None
    if zone:  # in UTC, so that Arrow does not look for the machine's time zones
        column = column.cast(pa.timestamp(kind.unit))
    words: Any = column.cast(pa.string())
    words = compute.replace_substring_regex(words, r"\.0+$", "")
    words = compute.replace_substring(words, " ", "T", max_replacements=1)
    if zone:
        words = compute.replace_substring_regex(words, "^(.*)$", r"\1Z")
    if compute.any(compute.starts_with(words, _BEYOND.replace(" ", "T", 1))).as_py():
        words = compute.replace_substring_regex(words, r"^<valueTout of range: -.*", "-infinity")
        words = compute.replace_substring_regex(words, r"^<valueTout of range: .*", "infinity")
    return words


def _duration(months: int, days: int, seconds: Decimal) -> str:
    parts = [f"{months}M" if months else "", f"{days}D" if days else "", f"T{seconds:f}S" if seconds else ""]
    return "P" + ("".join(parts) or "T0S")


def _moment(value: datetime) -> str:
    return value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z" if value.tzinfo else value.isoformat()


_WRITTEN: dict[type, Callable[[Any], str]] = {
    bool: lambda value: "true" if value else "false",
    bytes: bytes.hex,
    datetime: _moment,
    date: date.isoformat,
    time: time.isoformat,
    timedelta: lambda value: _duration(0, value.days, Decimal(value.seconds) + Decimal(value.microseconds) / 10**6),
    pa.MonthDayNano: lambda value: _duration(value.months, value.days, Decimal(value.nanoseconds) / 10**9),
}
