"""The problems of two runs, paired. No query."""

from dataclasses import dataclass

import duckdb
import numpy as np

from samples_queries.chances import Integers
from samples_queries.groups import rows

_SQL = """
WITH groups AS (
    SELECT dataset, a.n AS n_a, a.c AS c_a, b.n AS n_b, b.c AS c_b, count(*) AS problems
    FROM compared AS a JOIN compared AS b USING (dataset, problem_id)
    WHERE a.run = $a AND b.run = $b
    GROUP BY ALL
), apart AS (
    SELECT dataset, count(DISTINCT problem_id) FILTER (NOT shared) AS unpaired
    FROM judged_problems
    WHERE run IN ($a, $b)
    GROUP BY dataset
)
SELECT
    dataset, list(n_a ORDER BY n_a, c_a, n_b, c_b) AS n_a, list(c_a ORDER BY n_a, c_a, n_b, c_b) AS c_a,
    list(n_b ORDER BY n_a, c_a, n_b, c_b) AS n_b, list(c_b ORDER BY n_a, c_a, n_b, c_b) AS c_b,
    list(problems ORDER BY n_a, c_a, n_b, c_b) AS problems,
    any_value(unpaired) AS unpaired
FROM groups JOIN apart USING (dataset)
GROUP BY dataset
ORDER BY dataset
"""


@dataclass(frozen=True)
class Pairs:
    """The paired problems of two runs in one dataset, in groups with the same counts.

    A group has a number of `problems`, of which A has n_a verified samples with c_a correct, and B has n_b with c_b.
    `unpaired` counts the problems that some run has no verified sample of, or saw in another version.
    """

    dataset: str
    n_a: Integers
    c_a: Integers
    n_b: Integers
    c_b: Integers
    problems: Integers
    unpaired: int

    @property
    def reach(self) -> Integers:
        """The largest k at which both runs have samples of each group, [groups]."""
        return np.minimum(self.n_a, self.n_b)

    def turned(self) -> "Pairs":
        """Return the same with A and B exchanged, in the order of groups that B would have as A."""
        order = np.lexsort((self.c_a, self.n_a, self.c_b, self.n_b))
        n_a, c_a, n_b, c_b = (some[order] for some in (self.n_b, self.c_b, self.n_a, self.c_a))
        return Pairs(self.dataset, n_a, c_a, n_b, c_b, self.problems[order], self.unpaired)


def pairs(connection: duckdb.DuckDBPyConnection, a: str, b: str) -> list[Pairs]:
    """Return the pairs of each dataset in the table `compared` (see `problem_sets`), which must hold both runs."""
    found: list[Pairs] = []
    for row in rows(connection, _SQL, a=a, b=b):
        row |= {name: np.array(row[name], np.int64) for name in ("n_a", "c_a", "n_b", "c_b", "problems")}
        found.append(Pairs(**row))
    return found
