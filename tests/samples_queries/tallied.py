"""Lakes of which only counts are known, and connections in which the view `tallies` is a table of such counts.

Counts are given as {problem: (n, c)} or {problem: (n, c, errors, timeouts)}.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from samples.api import Lake
from samples.query.views import define
from samples_queries import Answer, header
from samples_schemas import TABLES, VIEWS

Counts = Mapping[str, Sequence[int]]


def lake(path: Path, runs: Mapping[str, Counts], **labels: dict[str, str]) -> Lake:
    """A lake of runs of dataset d with counts under verifier v; labels by run."""
    made = Lake(str(path / "lake"), create=True)
    for run, counts in runs.items():
        add_run(made, run, counts, **labels.get(run, {}))
    return made


def add_run(
    to: Lake,
    run: str,
    counts: Counts,
    dataset: str = "d",
    verifier: str = "v",
    version: str | Mapping[str, str] = "1",
    **labels: str,
) -> None:
    """Add a run whose every problem has this version; a mapping has the versions of problems that are not "1"."""
    about = {"run_id": f"r-{run}", "name": run, "dataset": dataset, "model": "m", "engine": "imported"}
    hashes = [(problem, version if isinstance(version, str) else version.get(problem, "1")) for problem in counts]
    more = {"specification": "{}", "problem_hashes": hashes, "labels": list(labels.items()), "versions": []}
    _append(to, "runs", [{**about, **more, "created_at": datetime(2026, 1, 1, tzinfo=UTC)}])
    _append(to, "counts", _rows(counts), verifier=verifier, run_id=f"r-{run}")


def _append(to: Lake, name: str, rows: list[dict[str, Any]], **partition: str) -> None:
    table = pa.Table.from_pylist(rows, schema=TABLES[name].file_schema)
    to.append(name, "test", lambda: [(table, partition)])


def _rows(counts: Counts) -> list[dict[str, Any]]:
    return [
        dict(zip(("problem_id", "n", "c", "errors", "timeouts"), (problem, *given, 0, 0), strict=False))
        for problem, given in counts.items()
    ]


def connection(runs: Mapping[str, Counts], versions: Mapping[str, str] | None = None) -> duckdb.DuckDBPyConnection:
    """A connection with the views `tallies`, `runs` and `verified`, of dataset d and verifier v; versions by run."""
    made = duckdb.connect(config={"threads": 1})
    tallies = [
        {"run": run, "run_id": f"r-{run}", "dataset": "d", "verifier": "v", **row}
        for run, counts in runs.items()
        for row in _rows(counts)
    ]
    about = [
        {
            "run": run,
            "run_id": f"r-{run}",
            "dataset": "d",
            "labels": [],
            "problem_hashes": [(problem, (versions or {}).get(run, "1")) for problem in counts],
        }
        for run, counts in runs.items()
    ]
    for view, rows in (("tallies", tallies), ("runs", about)):
        made.register(view, pa.Table.from_pylist(rows, schema=VIEWS[view].schema))
    made.execute("CREATE SCHEMA lake; CREATE VIEW lake.runs AS SELECT *, run AS name FROM runs")
    made.execute("CREATE TABLE drawn (run VARCHAR, samples BIGINT, counted MAP(VARCHAR, BIGINT))")
    define(made, ("verified",))
    return made


def answered(name: str, to: duckdb.DuckDBPyConnection, **parameters: Any) -> list[dict[str, Any]]:
    """Rows of a named query that is a function; each run and k has its own problems unless problem_set is given."""
    return noted(name, to, **parameters)[0]


def noted(name: str, to: duckdb.DuckDBPyConnection, **parameters: Any) -> tuple[list[dict[str, Any]], list[str]]:
    """Rows and notes of a named query that is a function, as `answered` gives them."""
    defaults = {"problem_set": "each", "verifier_b": None, "at_n": None, "interval": "population", "band": False}
    own = {parameter.name for parameter in header(name).params}
    given = {key: value for key, value in defaults.items() if key in own} | parameters
    found = import_module(f"samples_queries.{name}").answer(to, **given)
    rows, notes = found if isinstance(found, Answer) else (found, ())
    assert tuple(rows.column_names) == header(name).columns
    return rows.to_pylist(maps_as_pydicts="strict"), list(notes)


def of(counts: Sequence[tuple[int, int]]) -> dict[str, tuple[int, int]]:
    """Counts of problems that are called p0, p1, …"""
    return {f"p{index}": count for index, count in enumerate(counts)}
