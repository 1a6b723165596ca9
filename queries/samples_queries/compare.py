"""compare: pass@k of run A minus pass@k of run B, paired problem by problem, at each k.

group    two runs
params   a: run, b: run, verifier: verifier, ks: ints = none
reads    pairs
grain    a, b, dataset, verifier, k
columns  a, b, dataset, verifier, k, problems, pass_at_k_a, pass_at_k_b, difference, low, high, interval,
         wins, losses, ties, unpaired
means    ks: the values of k; without them 1, 2, 4, … and the largest n of both runs; "all" is every k up to it
         problems: problems of which both runs have at least k verified samples; the means are over them
         difference: pass_at_k_a minus pass_at_k_b, in [-1, 1]
         low: lower end of the 95 % interval for the mean difference over all problems that could have been asked
         wins: problems on which A has the higher pass@k
         losses: problems on which B has the higher pass@k
         ties: problems on which the two differ by less than 1e-12
example  samples query compare --a base-7b --b rl-7b --verifier math --ks 1,8,64

The interval is "two-level paired t". It treats the problems as a random sample of those that could have been asked, and
it includes the sampling error within each problem. A difference is more than chance when the interval leaves out 0.
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
        Unanswerable: No problem is paired, or a k is above the largest n that both runs have.
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
