"""The problems of two runs, paired. No query.

A problem is paired when both runs have verified samples of it, and were sampled with the same version of it.
"""

from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

import duckdb
import numpy as np

from samples_queries import Unanswerable
from samples_queries.chances import Integers
from samples_queries.groups import rows

TIE = 1e-12  # values closer than this differ by rounding only

_SQL = """
SELECT b, dataset, n_a, c_a, n_b, c_b, paired, edited, count(*) AS problems
FROM pairs
WHERE a = $a AND list_contains($others, b) AND verifier = $verifier
GROUP BY ALL
ORDER BY ALL
"""


@dataclass(frozen=True)
class Pairs:
    """The paired problems of run A and a run `b` in one dataset, in groups with the same counts.

    A group has a number of `problems`, of which A has n_a verified samples with c_a correct, and B has n_b with c_b.
    `unpaired` counts the other problems, `edited` those of them of which the runs have different versions.
    """

    b: str
    dataset: str
    n_a: Integers
    c_a: Integers
    n_b: Integers
    c_b: Integers
    problems: Integers
    unpaired: int
    edited: int

    @property
    def most(self) -> int:
        """The largest n that both runs have of a problem."""
        return int(np.minimum(self.n_a, self.n_b).max())


def pairs(connection: duckdb.DuckDBPyConnection, a: str, b: str, verifier: str) -> list[Pairs]:
    """Return the paired problems of two runs, for each dataset that has any.

    Raises:
        Unanswerable: No problem is paired. The message says why.
    """
    there = met(connection, a, [b], verifier)
    found = [part for part in there if len(part.problems)]
    if not found:
        edited = sum(part.edited for part in there)
        raise Unanswerable(
            f"no verified problem of {a} is one of {b}"
            + (f" ({edited} have another version)" if edited else "")
            + f": choose two runs that {verifier} judged, of the same problems"
        )
    return found


def met(connection: duckdb.DuckDBPyConnection, a: str, others: list[str], verifier: str) -> list[Pairs]:
    """Return the paired problems of run A with each other run, for each dataset of either, even when there are none."""
    names = ("n_a", "c_a", "n_b", "c_b", "problems")
    parts: list[Pairs] = []
    found = rows(connection, _SQL, a=a, others=others, verifier=verifier)
    for (b, dataset), group in groupby(found, key=itemgetter("b", "dataset")):
        here = list(group)
        both = [row for row in here if row["paired"]]
        counts = {name: np.array([row[name] for row in both], dtype=np.int64) for name in names}
        unpaired = sum(row["problems"] for row in here) - int(counts["problems"].sum())
        edited = sum(row["problems"] for row in here if row["edited"])
        parts.append(Pairs(b, dataset, **counts, unpaired=unpaired, edited=edited))
    return parts
