"""Groups of problems with the same counts n and c, and what queries over many ks share. No query.

A mean over problems needs the groups only: 10^4 problems with 1000 samples each are at most 1001 groups.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from samples_queries import Unanswerable
from samples_queries.chances import Integers

_SQL = """
WITH counts AS (
    SELECT
        run, dataset, verifier, n, c,
        count(*) AS problems, sum(errors)::BIGINT AS errors, sum(timeouts)::BIGINT AS timeouts
    FROM tallies
    WHERE list_contains($runs, run) AND verifier = $verifier
    GROUP BY ALL
)
SELECT
    run, dataset, verifier,
    list(n ORDER BY n, c) AS n, list(c ORDER BY n, c) AS c, list(problems ORDER BY n, c) AS problems,
    sum(errors)::BIGINT AS errors, sum(timeouts)::BIGINT AS timeouts
FROM counts
GROUP BY run, dataset, verifier
ORDER BY run, dataset
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
    errors: int
    timeouts: int

    @property
    def most(self) -> int:
        """The largest n of a problem."""
        return int(self.n[-1])


def groups(connection: duckdb.DuckDBPyConnection, runs: list[str], verifier: str) -> list[Groups]:
    """Return the groups of each run with verified samples, in the order of names.

    `errors` and `timeouts` are sums over all problems of a run.

    Raises:
        Unanswerable: No run has verified samples.
    """
    found: list[Groups] = []
    for row in rows(connection, _SQL, runs=runs, verifier=verifier):
        n, c, problems = (np.array(row[name], dtype=np.int64) for name in ("n", "c", "problems"))
        there = n > 0
        if there.any():
            row |= {"n": n[there], "c": c[there], "problems": problems[there]}
            found.append(Groups(**row))
    if not found:
        raise unjudged(verifier)
    return found


def distinct(parts: Iterable[tuple[Integers, Integers]]) -> tuple[Integers, Integers, list[Integers]]:
    """Return the distinct n and c of all parts, and for each part the places of its own among them."""
    pairs = [np.stack(part, axis=1) for part in parts]
    unique, places = np.unique(np.concatenate(pairs), axis=0, return_inverse=True)
    ends = np.cumsum([len(pair) for pair in pairs])[:-1]
    return unique[:, 0], unique[:, 1], np.split(places, ends)


def doubling(most: int) -> list[int]:
    """Return 1, 2, 4, … and `most`."""
    return sorted({*(1 << power for power in range(most.bit_length())), most})


def chosen(ks: Sequence[int] | None, most: int, default: Sequence[int] | None = None) -> Integers:
    """Return the values of k, ascending.

    Args:
        ks: the values asked for; None means `default`, an empty list means every k up to `most`.
        most: the largest n of a problem.
        default: 1, 2, 4, … and `most` when None.

    Raises:
        Unanswerable: A value is below 1 or above `most`.
    """
    wanted = (default or doubling(most)) if ks is None else sorted(set(ks)) or range(1, most + 1)
    if wanted[0] < 1:
        raise Unanswerable(f"k = {wanted[0]}: expected at least 1")
    if wanted[-1] > most:
        raise Unanswerable(
            f"no problem has {wanted[-1]} verified samples, the largest n is {most}: "
            f"samples ingest … --k {wanted[-1]} adds the missing ones"
        )
    return np.array(wanted, dtype=np.int64)


def unjudged(verifier: str, which: str = "these runs") -> Unanswerable:
    """Return the error for runs of which the verifier judged no sample."""
    return Unanswerable(f"{verifier} judged no sample of {which}: samples ingest … --verifier {verifier} does")


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
