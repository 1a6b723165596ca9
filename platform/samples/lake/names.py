"""Names in a lake, for completion on the command line: runs, datasets, labels, keys, verifiers, scorers, problems.

It reads the narrow tables alone, through deltalake alone: pyarrow and DuckDB take longer to import than a person who
presses Tab waits. Names come newest first where the table knows, and a table that is not there holds none.
"""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from deltalake import DeltaTable, QueryBuilder
from deltalake.exceptions import TableNotFoundError

from samples.lake.inside import require_inside


class Run(NamedTuple):
    """A run, as far as its row in `runs` and its later labels tell."""

    name: str
    run_id: str
    dataset: str
    labels: dict[str, str]


def runs(uri: str) -> list[Run]:
    """Return the runs of the lake at `uri`, the newest first."""
    rows = _select(uri, "runs", "SELECT name, run_id, dataset, labels FROM runs ORDER BY created_at DESC")
    found = {run_id: Run(name, run_id, dataset, dict(labels)) for name, run_id, dataset, labels in rows}
    for run_id, key, value in _select(uri, "labels", "SELECT run_id, key, value FROM labels ORDER BY number"):
        if run_id in found:
            found[run_id].labels[key] = value
    return list(found.values())


def scorers(uri: str) -> list[str]:
    """Return the names of scorers, the newest first, then those of runs, which may score their own samples."""
    rows = _select(uri, "scorers", "SELECT name FROM scorers ORDER BY number DESC")
    return list(dict.fromkeys([*(name for (name,) in rows), *(run.name for run in runs(uri))]))


def label_keys(uri: str) -> list[str]:
    """Return the keys of all runs' labels, sorted."""
    return sorted({key for run in runs(uri) for key, value in run.labels.items() if value})


def metadata_keys(uri: str, most: int = 200) -> list[str]:
    """Return the keys of the metadata of some problems, sorted. A key within an object has a dot."""
    query = f"SELECT DISTINCT metadata FROM problems WHERE metadata IS NOT NULL LIMIT {most}"  # noqa: S608 - a number
    found = [json.loads(metadata) for (metadata,) in _select(uri, "problems", query)]
    return sorted({key for metadata in found for key in _keys(metadata)})


def _keys(metadata: Any, before: str = "") -> Iterator[str]:
    if isinstance(metadata, dict):
        for key, value in metadata.items():  # pyright: ignore[reportUnknownVariableType]
            yield from _keys(value, f"{before}{key}.") if isinstance(value, dict) else [before + str(key)]  # pyright: ignore[reportUnknownArgumentType]


def verifiers(uri: str) -> list[str]:
    """Return the verifiers that judged samples; the tables' partitions say so."""
    tables = [table for name in ("verdicts", "counts") if (table := _table(uri, name))]
    return sorted({part["verifier"] for table in tables for part in table.partitions()})


def problems(uri: str, prefix: str, dataset: str | None = None, most: int = 100) -> list[str]:
    """Return the first ids of problems that begin with `prefix`, in their order."""
    there = f"starts_with(problem_id, {_quoted(prefix)})" + (f" AND dataset = {_quoted(dataset)}" if dataset else "")
    query = f"SELECT DISTINCT problem_id FROM problems WHERE {there} ORDER BY problem_id LIMIT {most}"  # noqa: S608 - quoted
    return [problem for (problem,) in _select(uri, "problems", query)]


def _select(uri: str, name: str, query: str) -> list[tuple[Any, ...]]:
    table = _table(uri, name)
    if table is None:
        return []
    require_inside(table.table_uri, map(str, table.get_add_actions()["path"].to_pylist()))
    rows = QueryBuilder().register(name, table).execute(query).read_all()
    return list(zip(*(rows[column].to_pylist() for column in rows.column_names), strict=True))


def _table(uri: str, name: str) -> DeltaTable | None:
    options = None
    if "://" in uri:
        from samples.lake.storage import locate  # takes half a second, as does a store's answer

        place = locate(uri)
        uri, options = place.uri, place.options
    try:
        return DeltaTable(f"{uri}/{name}", storage_options=options)
    except TableNotFoundError:
        return None


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
