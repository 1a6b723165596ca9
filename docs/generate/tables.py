"""The page of tables and views, from their declarations."""

from collections.abc import Iterable

import pyarrow as pa

from markup import anchor, inert, page, table
from samples_schemas import TABLES, VIEWS, Column

_ABOUT = """A lake is a folder of Delta tables. Read it with `samples sql`, `lake.sql` or `lake.scan`, which answer over
the views. A view shows one snapshot, follows the rules below, and has the name of each run.

Who reads the tables raw (deltalake, DuckDB, Polars, Spark) follows three rules:

- A completion counts only if table `samples` has its run_id, problem_id, sample_index and attempt.
- The verdict of the highest pass_id is the current one.
- The label or review of the highest number is the current one."""


def written() -> dict[str, str]:
    """Return the page by its path."""
    parts = [_ABOUT, "## Views", _contents(f"View {name}" for name in VIEWS)]
    for view in VIEWS.values():
        parts += [f"### View {view.name}", f"A row is {inert(view.meaning)}.", _columns(view.columns)]
    parts += ["## Tables", _contents(f"Table {name}" for name in TABLES)]
    for one in TABLES.values():
        facts = [
            f"Key: {_names(one.key)}.",
            f"Partitioned by {_names(one.partition_by)}." if one.partition_by else "Not partitioned.",
            f"Files are sorted by {_names(one.sort_by)}." if one.sort_by else "",
        ]
        meaning = inert(one.meaning[:1].upper() + one.meaning[1:])
        parts += [f"### Table {one.name}", f"{meaning}.", " ".join(filter(None, facts)), _columns(one.columns)]
    return {"tables.md": page("Tables and views", *parts)}


def _contents(headings: Iterable[str]) -> str:
    return " · ".join(f"[{heading.split()[1]}](#{anchor(heading)})" for heading in headings)


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _columns(columns: tuple[Column, ...]) -> str:
    rows = [
        (f"`{one.name}`", f"{_type(one.type)}{', or null' if one.nullable else ''}", inert(one.meaning))
        for one in columns
    ]
    return table(["column", "type", "meaning"], rows)


def _type(kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        return f"list of {_type(kind.value_type)}"
    if pa.types.is_map(kind):
        return f"map of {_type(kind.key_type)} to {_type(kind.item_type)}"
    if pa.types.is_timestamp(kind):
        return "time, UTC"
    return "text" if pa.types.is_string(kind) else str(kind)
