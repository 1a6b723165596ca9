"""Groups of problems with the same counts n and c, and what queries over many ks share. No query.

A mean over problems needs the groups only: 10^4 problems with 1000 samples each are at most 1001 groups.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from shlex import quote
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from samples_queries import Unanswerable, Unjudged
from samples_queries.chances import Integers
from samples_queries.judges import adding

_SQL = """
WITH counts AS (
    SELECT run, dataset, n, c, count(*) AS problems
    FROM compared
    GROUP BY ALL
)
SELECT
    run, dataset, $verifier AS verifier,
    list(n ORDER BY n, c) AS n, list(c ORDER BY n, c) AS c, list(problems ORDER BY n, c) AS problems
FROM counts
GROUP BY run, dataset
ORDER BY run, dataset
"""

_UNVERIFIED = """
WITH given AS (
    SELECT
        run, sum(errors)::BIGINT AS errors, sum(timeouts)::BIGINT AS timeouts,
        sum(n + errors + timeouts)::BIGINT AS judged
    FROM tallies
    WHERE list_contains($runs, run) AND verifier = $verifier
    GROUP BY run
)
SELECT run, greatest(samples + coalesce(counted[$verifier], 0) - judged, 0) AS unjudged, errors, timeouts
FROM given LEFT JOIN drawn USING (run)
"""


@dataclass(frozen=True)
class Groups:
    """The groups of one run: each is a number of `problems` with n verified samples, of which c are correct."""

    run: str
    dataset: str
    verifier: str
    n: Integers
    c: Integers
    problems: Integers

    @property
    def most(self) -> int:
        """The largest n of a problem."""
        return int(self.n[-1])


def groups(connection: duckdb.DuckDBPyConnection, verifier: str) -> list[Groups]:
    """Return the groups of each run in the table `compared` (see `problem_sets`), in the order of names."""
    found: list[Groups] = []
    for row in rows(connection, _SQL, verifier=verifier):
        row |= {name: np.array(row[name], dtype=np.int64) for name in ("n", "c", "problems")}
        found.append(Groups(**row))
    return found


def unverified(connection: duckdb.DuckDBPyConnection, runs: Sequence[str], verifier: str) -> dict[str, dict[str, int]]:
    """Return how many samples of each run are in no n: `unjudged`, `errors` and `timeouts`, over all its problems.

    It needs the views `tallies` and `drawn`.
    """
    found = rows(connection, _UNVERIFIED, runs=list(runs), verifier=verifier)
    return {row.pop("run"): row for row in found}


def unjudged_note(counts: Mapping[str, Mapping[str, int]], verifier: str) -> list[str]:
    """Return a note about samples that the verifier has not judged, if there are any."""
    some = {run: count["unjudged"] for run, count in counts.items() if count["unjudged"]}
    if not some:
        return []
    said = ", ".join(f"{count:,} of {run}" for run, count in some.items())
    return [f"{said}: samples without a verdict of {verifier}; add them: {adding(verifier, list(some))}"]


def distinct(parts: Iterable[tuple[Integers, Integers]]) -> tuple[Integers, Integers, list[Integers]]:
    """Return the distinct n and c of all parts, and for each part the places of its own among them."""
    pairs = [np.stack(part, axis=1) for part in parts]
    unique, places = np.unique(np.concatenate(pairs), axis=0, return_inverse=True)
    ends = np.cumsum([len(pair) for pair in pairs])[:-1]
    return unique[:, 0], unique[:, 1], np.split(places, ends)


def doubling(most: int) -> list[int]:
    """Return 1, 2, 4, … and `most`."""
    return sorted({*(1 << power for power in range(most.bit_length())), most})


def unjudged(verifier: str, runs: Sequence[str]) -> Unjudged:
    """Return the error for runs of which the verifier judged no sample."""
    several = len(runs) > 1
    return Unjudged(
        f"run{'s' * several} {', '.join(runs)} {'have' if several else 'has'} no verdicts of {verifier} yet; add them: "
        f"{adding(verifier, runs)}"
    )


def without_verified(connection: duckdb.DuckDBPyConnection, verifier: str, runs: Sequence[str]) -> Unjudged:
    """Return the error for runs that have no verified sample: no verdicts of the verifier, or failed ones alone.

    It needs the view `tallies`.
    """
    failed = {row["run"]: row["failed"] for row in rows(connection, _FAILED, runs=list(runs), verifier=verifier)}
    said = [
        f"run {run} has no verdicts of {verifier} yet that decide: all {count:,} are errors or timeouts; "
        f"samples query errors --runs {quote(run)} shows why"
        for run, count in failed.items()
    ]
    if others := [run for run in runs if run not in failed]:
        said.append(str(unjudged(verifier, others)))
    return Unjudged("; ".join(said))


_FAILED = """
SELECT run, sum(errors + timeouts)::BIGINT AS failed
FROM tallies
WHERE list_contains($runs, run) AND verifier = $verifier
GROUP BY run
HAVING sum(errors + timeouts) > 0
ORDER BY run
"""


def require_samples(runs: Iterable[str], judged: Iterable[str]) -> None:
    """Refuse runs of which only counts were imported, where a question needs the verdict of each sample.

    Raises:
        Unanswerable: Some of `runs` are not among those `judged`, which have verdicts on samples.
    """
    there = set(judged)
    if counted := [run for run in runs if run not in there]:
        raise Unanswerable(f"{', '.join(counted)}: only counts were imported; this needs samples, so name other runs")


def rows(connection: duckdb.DuckDBPyConnection, sql: str, **parameters: Any) -> list[dict[str, Any]]:
    """Run SQL over the views, and return its rows."""
    found = connection.execute(sql, parameters or None)
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def at_each_k(same: dict[str, Any], ks: Integers, problems: Integers, **columns: Any) -> pa.Table:
    """Return one row for each k with a problem.

    Args:
        same: the first columns, with the same value in each row.
        ks: the column k.
        problems: the column problems, [ks].
        columns: the other columns: an array over ks, or one value for each row.
    """
    reached = problems > 0
    count = int(reached.sum())
    columns = {"k": ks, "problems": problems, **columns}
    return pa.table({name: _column(value, reached, count) for name, value in {**same, **columns}.items()})


def _column(value: Any, reached: npt.NDArray[np.bool_], count: int) -> pa.Array:
    """Build a column from its bytes. pa.array would import pandas where it is installed, which takes longest of all."""
    if isinstance(value, str):
        text = value.encode()
        ends = np.arange(count + 1, dtype=np.int32) * len(text)
        return pa.Array.from_buffers(pa.string(), count, [None, pa.py_buffer(ends), pa.py_buffer(text * count)])
    numbers = np.ascontiguousarray(np.broadcast_to(value, len(reached))[reached])
    return pa.Array.from_buffers(pa.from_numpy_dtype(numbers.dtype), count, [None, pa.py_buffer(numbers)])
