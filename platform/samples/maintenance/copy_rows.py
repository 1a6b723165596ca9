"""Copy rows of small tables, such as problems, labels and reviews: those whose key the target lacks."""

from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa

from samples.lake.tables import Tables
from samples_schemas import Table


def append(
    source: Tables,
    lake: Tables,
    table: Table,
    app: str,
    wanted: Callable[[Mapping[str, Any]], bool],
    /,
    **partition: str,
) -> None:
    """Append rows of a small table that the target lacks."""
    found = [row for row in source.read(table.name, None, **partition).to_pylist() if wanted(row)]

    def choose() -> list[tuple[pa.Table, Mapping[str, str]]]:
        there = {_key(table, row) for row in lake.read(table.name, None, **partition).to_pylist()}
        new = [row for row in found if _key(table, row) not in there]
        return [(pa.Table.from_pylist(new, schema=table.schema).select(table.file_schema.names), partition)]

    if found:
        lake.append(table.name, app, choose)


def _key(table: Table, row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in table.key)
