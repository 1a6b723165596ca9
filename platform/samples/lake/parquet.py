"""Encode tables as Parquet files, almost as small as their content allows, without loss.

Token ids are PLAIN under zstd (about 1 byte per token). Log-probs are BYTE_STREAM_SPLIT under zstd (about 3.3 bytes per
token: the entropy of float32 noise). All other columns are dictionary-encoded. One row can hold 16k tokens, so tables
with tokens get row groups of about 8 MB: reading one sample reads one group.
"""

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from samples_schemas import Table

_STATISTICS = ("problem_id", "sample_index", "pass_id")
_RARE = ("error",)  # columns that are null in most row groups: readers of errors skip those groups
_HEAVY_GROUP_BYTES = 8 << 20
_NARROW_GROUP_ROWS = 122_880  # the size of DuckDB's own row groups
ENCODINGS = {
    **dict.fromkeys(("token_ids.list.element", "top_ids.list.element"), "PLAIN"),
    **dict.fromkeys(("token_logprobs.list.element", "top_logprobs.list.element"), "BYTE_STREAM_SPLIT"),
}
_LEVELS = {"token_logprobs.list.element": 1, "top_logprobs.list.element": 1}


@dataclass(frozen=True)
class File:
    """One Parquet file of a table, as a commit names it. `path` is relative to the table's folder."""

    path: str
    size: int
    rows: int
    stats: str


def encode(table: Table, rows: pa.Table, metadata: dict[bytes, bytes] | None = None) -> bytes:
    """Return `rows` (the table's file schema, in any order) as the bytes of one sorted Parquet file.

    `metadata` goes into the footer. `rows` must not be empty.
    """
    return encode_sorted(table, in_order(table, rows), metadata)


def in_order(table: Table, rows: pa.Table) -> pa.Table:
    """Return `rows` with the columns and in the order of the table's files. `rows` must not be empty."""
    assert rows.num_rows, f"no rows for a file of {table.name}"
    rows = rows.select(table.file_schema.names).cast(table.file_schema)
    return rows.sort_by([(name, "ascending") for name in table.sort_by]) if table.sort_by else rows


def encode_sorted(table: Table, rows: pa.Table, metadata: dict[bytes, bytes] | None = None) -> bytes:
    """Return rows that `in_order` sorted as the bytes of one Parquet file."""
    sink = io.BytesIO()
    with writer(table, sink) as file:
        file.write_table(rows, row_group_size=group_rows(table, rows))
        if metadata:
            file.add_key_value_metadata(metadata)
    return sink.getvalue()


def writer(table: Table, sink: Any) -> pq.ParquetWriter:
    """Return what writes a Parquet file of a table, with the table's encodings, to a path or a binary file."""
    leaves = leaf_columns(table.file_schema)
    encoded = {name: encoding for name, encoding in ENCODINGS.items() if name in leaves}
    return pq.ParquetWriter(
        sink,
        table.file_schema.remove_metadata(),
        compression="zstd",
        compression_level={name: _LEVELS.get(name, 3) for name in leaves},
        column_encoding=encoded,
        use_dictionary=[  # pyright: ignore[reportArgumentType]  # pyarrow takes names too
            name for name in leaves if name not in encoded and name != "text"
        ],
        write_statistics=[name for name in (*_STATISTICS, *_RARE) if name in leaves],  # pyright: ignore[reportArgumentType]
        write_page_checksum=True,
        store_schema=False,  # the lake declares the types; a copy would be larger than a small segment
    )


def group_rows(table: Table, rows: pa.Table) -> int:
    """Return how many rows such as these make a row group: 8 MB of a table with tokens, else 122,880 rows."""
    if is_heavy(table):
        return max(1, rows.num_rows * _HEAVY_GROUP_BYTES // max(rows.nbytes, 1))
    return _NARROW_GROUP_ROWS


def group_size(table: Table) -> int:
    """Return how large a row group is: in bytes in memory of a table with tokens, else in rows."""
    return _HEAVY_GROUP_BYTES if is_heavy(table) else _NARROW_GROUP_ROWS


def is_heavy(table: Table) -> bool:
    """Return whether a table's rows hold tokens, or log-probs of them."""
    return not ENCODINGS.keys().isdisjoint(leaf_columns(table.file_schema))


def storable_text(text: str | None) -> str | None:
    """Replace each half of a surrogate pair by "?", because Parquet stores UTF-8. The token ids keep what was drawn."""
    return None if text is None else text.encode("utf-8", "replace").decode("utf-8")


def statistics_columns(columns: Sequence[str]) -> list[str]:
    """Return the columns whose ranges a commit states for each file, so that readers can skip files.

    They are the key columns of a table with one row per sample. Other tables have none.
    """
    return [name for name in _STATISTICS if name in columns] if "sample_index" in columns else []


def stats(rows: pa.Table) -> str:
    """Return Delta's statistics of a file as JSON: the row count, and the ranges of the `statistics_columns`."""
    return stated(rows.num_rows, ranges(rows))


def ranges(rows: pa.Table) -> dict[str, tuple[Any, Any]]:
    """Return the least and the greatest value of each of the `statistics_columns`."""
    found = {name: pc.call_function("min_max", [rows[name]]).as_py() for name in statistics_columns(rows.column_names)}
    return {name: (bounds["min"], bounds["max"]) for name, bounds in found.items()}


def stated(count: int, of: Mapping[str, tuple[Any, Any]]) -> str:
    """Return Delta's statistics of a file of `count` rows with these ranges, as JSON."""
    return json.dumps(
        {
            "numRecords": count,
            "minValues": {name: least for name, (least, _) in of.items()},
            "maxValues": {name: greatest for name, (_, greatest) in of.items()},
            "nullCount": dict.fromkeys(of, 0),
        }
    )


def leaf_columns(schema: pa.Schema) -> list[str]:
    """Return Parquet's names of the leaf columns, such as token_ids.list.element."""
    names: list[str] = []
    for column in schema:
        kind: Any = column.type
        if pa.types.is_map(kind):
            names += [f"{column.name}.key_value.key", f"{column.name}.key_value.value"]
        elif pa.types.is_list(kind):
            names.append(f"{column.name}.list.element")
        else:
            names.append(column.name)
    return names
