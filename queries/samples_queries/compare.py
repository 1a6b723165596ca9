"""compare: pass@k of one run minus that of another, problem by problem, at each k.

params   a: run, b: run, verifier: verifier, ks: ints = none
reads    tallies, runs
grain    a, b, dataset, verifier, k
columns  a, b, dataset, verifier, k, problems, pass_at_k_a, pass_at_k_b, difference, low, high, interval,
         wins, losses, ties, unpaired

At k, the problems of which both runs have k verified samples; both means are over these. `difference` is A's minus
B's, and `low` and `high` hold that of the problems that could have been asked, in 95 % of lakes. A wins a problem when
its pass@k is higher there; values closer than 1e-12 tie. `unpaired` problems count at no k: only one run has verified
samples of them, or the runs were drawn for different versions. Without `ks`: 1, 2, 4, … and the largest n in common;
"all" is every k.
"""

import duckdb
import numpy as np
import pyarrow as pa

from samples_queries.chances import all_wrong, means, sums
from samples_queries.groups import at_each_k, chosen, distinct
from samples_queries.intervals import DIFFERENCE_METHOD, POWERS, difference_interval
from samples_queries.pairs import TIE, pairs


def answer(connection: duckdb.DuckDBPyConnection, *, a: str, b: str, verifier: str, ks: list[int] | None) -> pa.Table:
    """Return the paired difference at each k.

    Raises:
        Unanswerable: The runs share no problem, or none has as many verified samples by both as some k.
    """
    paired = pairs(connection, a, b, verifier)
    wanted = chosen(ks, max(part.most for part in paired))
    parts: list[pa.Table] = []
    for part in paired:
        n, c, (in_a, in_b) = distinct([(part.n_a, part.c_a), (part.n_b, part.c_b)])
        for block, wrong in all_wrong(n, c, wanted, rows=2 * len(in_a)):
            difference = wrong[in_b] - wrong[in_a]
            absent = np.isnan(difference)
            problems, mean, low, high = difference_interval(sums(difference, part.problems, POWERS))
            compared = {
                "pass_at_k_a": means(np.where(absent, np.nan, 1 - wrong[in_a]), part.problems)[1],
                "pass_at_k_b": means(np.where(absent, np.nan, 1 - wrong[in_b]), part.problems)[1],
                "difference": mean,
                "low": low,
                "high": high,
                "interval": DIFFERENCE_METHOD,
                "wins": part.problems @ (difference > TIE),
                "losses": part.problems @ (difference < -TIE),
                "ties": part.problems @ (np.abs(difference) <= TIE),
                "unpaired": part.unpaired,
            }
            same = {"a": a, "b": b, "dataset": part.dataset, "verifier": verifier}
            parts.append(at_each_k(same, block, problems, **compared))
    return pa.concat_tables(parts)
