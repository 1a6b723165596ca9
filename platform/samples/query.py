"""Ask a lake: named queries over its tables.

A query names tables and the view `tallies` only, never files; all of one query's tables are read at one snapshot
each. Nothing here starts a model.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import pyarrow as pa

import samples_queries
from samples.errors import SamplesError, UsageError
from samples.lake import Lake
from samples.run import find
from samples.storage import explained
from samples_schemas import TABLES


def connect(lake: Lake) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB connection in which the lake's tables, at their newest snapshot, and `tallies` are views."""
    connection = duckdb.connect()
    for name in TABLES:
        connection.register(name, lake.dataset(name))
    connection.execute(f"CREATE TEMP VIEW tallies AS {samples_queries.text('tallies')}")
    return connection


def query(lake: Lake, name: str, **parameters: Any) -> pa.Table:
    """Run a named query and return its rows as an Arrow table with the columns of its header.

    Raises:
        UsageError: No query has this name, or its parameters are others.
        LakeError: A file of the lake cannot be read.
    """
    if name not in samples_queries.NAMES:
        raise UsageError(f'query "{name}" is not known: choose one of {", ".join(samples_queries.NAMES)}')
    expected = samples_queries.parameters(name)
    if parameters.keys() != set(expected):
        found = ", ".join(parameters) or "none"
        raise UsageError(f'query "{name}" has the parameters {", ".join(expected) or "none"}; given were {found}')
    with explained(lake.uri), connect(lake) as connection:
        return connection.sql(samples_queries.text(name), params=parameters or None).to_arrow_table()


def pass_at_k(
    lake: Lake, runs: Sequence[str] = (), verifier: str | None = None, ks: Sequence[int] | None = None
) -> pa.Table:
    """Return pass@k per run (all when none is named) and verifier, for `ks` or 1, 2, 4, … up to the largest n.

    Raises:
        NotFound: A named run is not in the lake.
        UsageError: A k is below 1.
        SamplesError: There are no verdicts, or no problem has as many verified samples as some k.
    """
    names = [find(lake, run).name for run in runs]
    tallies: Mapping[str, list[Any]] = query(lake, "tallies").to_pydict()
    drawn = [
        n
        for n, run, judge in zip(tallies["n"], tallies["run"], tallies["verifier"], strict=True)
        if (not names or run in names) and verifier in {None, judge}
    ]
    most = max(drawn, default=0)
    if most == 0:
        raise SamplesError(f"lake {lake.uri} has no such verdicts: samples ingest … --verifier numeric adds them")
    wanted = sorted(set(ks)) if ks else sorted({*(1 << power for power in range(most.bit_length())), most})
    if wanted[0] < 1:
        raise UsageError(f"k = {wanted[0]}: expected at least 1")
    if wanted[-1] > most:
        raise SamplesError(
            f"no problem has {wanted[-1]} verified samples, the largest n is {most}: "
            f"samples ingest … --k {wanted[-1]} adds the missing ones"
        )
    return query(lake, "pass_at_k", runs=names, verifier=verifier, ks=wanted)
