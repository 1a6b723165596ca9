r"""Rows in the formats of other tools.

- csv: lines end with \n alone. Lists, maps and structs are JSON, so that ids with blanks or commas survive. A missing
  value is an empty field, an empty text is "". NaN and infinity are NaN, inf and -inf.
- json is one array, jsonl one object a line. JSON has no NaN and no infinity: they are the texts "NaN", "Infinity" and
  "-Infinity", as in files of `samples export`. null is a missing value and nothing else.
- parquet keeps Arrow's types. The notes are in the schema's metadata: samples.notes, a JSON list.
- markdown and latex are for papers: see `papers`.

csv, json and jsonl have no place for notes: the command line prints them on stderr. Times are ISO 8601 in all
texts, bytes are hexadecimal.
"""

import json as encoder
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import IO, TYPE_CHECKING, Any

import pyarrow as pa
from pyarrow import types

from samples.lines import json_finite
from samples.query.cells import cell
from samples.query.papers import latex, markdown
from samples.query.plain import Column, blocks, is_nested, is_number, plain, text, values
from samples.query.rows import Rows

if TYPE_CHECKING:
    import polars as pl

_BLOCK = 20_000  # rows that are written at once


def csv(rows: Rows) -> Iterator[str]:
    """Write comma-separated values with a heading."""
    alone = len(rows.columns) == 1  # a missing value alone on its line would be a blank line, which readers skip
    for number, block in enumerate(blocks(rows.table, _BLOCK)):
        yield _frame(block, missing="" if alone else None).write_csv(include_header=number == 0)


def jsonl(rows: Rows) -> Iterator[str]:
    """Write one JSON object a line."""
    for block in blocks(rows.table, _BLOCK):
        yield "".join(f"{row}\n" for row in _objects(block))


def json(rows: Rows) -> Iterator[str]:
    """Write one JSON array."""
    before = "[\n"
    for block in blocks(rows.table, _BLOCK):
        if block.num_rows:
            yield before + ",\n".join(_objects(block))
            before = ",\n"
    yield "\n]\n" if before == ",\n" else "[]\n"


TEXTS: dict[str, Callable[[Rows], Iterator[str]]] = {
    "csv": csv, "json": json, "jsonl": jsonl, "markdown": markdown, "latex": latex,
}  # fmt: skip


def parquet(rows: Rows, file: IO[bytes]) -> None:
    """Write a Parquet file."""
    import pyarrow.parquet as pq

    table = rows.table
    for place, field in enumerate(table.schema):
        if types.is_interval(field.type) or types.is_union(field.type):  # Parquet has neither
            table = table.set_column(place, field.name, plain(table.column(place)))
    if rows.notes:
        notes = {b"samples.notes": encoder.dumps(rows.notes, ensure_ascii=False).encode()}
        table = table.replace_schema_metadata({**(table.schema.metadata or {}), **notes})
    pq.write_table(table, file, compression="zstd")


def _frame(block: pa.Table, missing: str | None) -> "pl.DataFrame":
    """Return the block as a frame that Polars can write as CSV."""
    import polars as pl

    def series(column: Column) -> pl.Series:
        if is_nested(column.type):
            return _json(column).set(_series(column.is_null()), None)
        return _series(plain(column))

    named = {name: series(column) for name, column in zip(block.column_names, block.columns, strict=True)}
    frame = pl.DataFrame(named)
    return frame if missing is None else frame.cast(pl.String).fill_null(missing)


def _objects(block: pa.Table) -> list[str]:
    """Return each row as a JSON object."""
    import polars as pl

    parts: list[Any] = []
    for name, column in zip(block.column_names, block.columns, strict=True):
        parts += [pl.lit(("," if parts else "{") + encoder.dumps(name, ensure_ascii=False) + ":"), _json(column)]
    return pl.select(pl.concat_str(*parts, pl.lit("}")).alias("row"))["row"].to_list()


def _json(column: Column) -> "pl.Series":
    """Return each value as JSON."""
    import polars as pl

    if types.is_floating(column.type):
        words = _series(column).cast(pl.String)
        return words.replace({"NaN": '"NaN"', "inf": '"Infinity"', "-inf": '"-Infinity"'}).fill_null("null")
    if is_number(column.type):
        return _series(column.cast(pa.string())).fill_null("null")
    column = plain(column)
    if _polars_writes(column.type):
        frame = _series(column).alias("x").to_frame()
        return frame.select(pl.struct("x").struct.json_encode().str.strip_prefix('{"x":').str.strip_suffix("}"))["x"]
    written = [encoder.dumps(_writable(value), ensure_ascii=False, separators=(",", ":")) for value in values(column)]
    return pl.Series(written, dtype=pl.String)


def _series(column: Column) -> "pl.Series":
    import polars as pl

    series = pl.from_arrow(column)
    assert isinstance(series, pl.Series)
    return series


def _polars_writes(kind: Any) -> bool:
    """Whether Polars writes values of this type right as JSON: not decimals, NaN, bytes, or keys that are no text."""
    if types.is_map(kind):
        return types.is_string(kind.key_type) and _polars_writes(kind.item_type)
    if types.is_struct(kind):
        return all(_polars_writes(field.type) for field in kind)
    if is_nested(kind):
        return _polars_writes(kind.value_type)
    return types.is_integer(kind) or types.is_boolean(kind) or types.is_string(kind) or types.is_null(kind)


def _writable(value: Any) -> Any:
    """Return a Python value as one that JSON can hold."""
    if isinstance(value, dict):
        return {key if isinstance(key, str) else cell(key): _writable(inner) for key, inner in value.items()}  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, list):
        return [_writable(inner) for inner in value]  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, Decimal):
        return int(value) if value == int(value) else float(value)
    return json_finite(value) if isinstance(value, (bool, int, float)) else text(value)
