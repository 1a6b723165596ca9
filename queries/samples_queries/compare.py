"""compare: pass@k of run A minus pass@k of run B, paired problem by problem, at each k.

group    two runs
params   a: run, b: run, verifier: verifier, verifier_b: verifier = none, ks: ints = none, problem_set: problems
reads    verified
takes    by, pool
grain    a, b, dataset, verifier, k
columns  a, b, dataset, verifier, k, problems, pass_at_k_a, pass_at_k_b, difference, low, high, interval,
         wins, losses, ties, unpaired
means    verifier_b: the verifier of run B, when it is another one; a and b may then be the same run
         verifier: name of the verifier whose verdicts count; of two, both names
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

from samples_queries import Answer
from samples_queries.chances import all_wrong, means, sums
from samples_queries.groups import at_each_k, distinct
from samples_queries.intervals import DIFFERENCE_METHOD, POWERS, difference_interval
from samples_queries.pairs import TIE, pairs
from samples_queries.problem_sets import settle, sides


def answer(
    connection: duckdb.DuckDBPyConnection,
    *,
    a: str,
    b: str,
    verifier: str,
    verifier_b: str | None,
    ks: list[int] | None,
    problem_set: str,
) -> Answer:
    """Return the paired difference at each k.

    Raises:
        Unanswerable: A run has no verdicts, no problem is paired, a k is below 1, or no k is reached.
    """
    runs, verifiers = [a, b], [verifier, verifier_b or verifier]
    settled = settle(connection, runs, verifiers, problem_set, ks=ks, paired=True)
    side_a, side_b = sides(runs, verifiers)
    parts: list[pa.Table] = []
    for part in pairs(connection, side_a, side_b):
        n, c, (in_a, in_b) = distinct([(part.n_a, part.c_a), (part.n_b, part.c_b)])
        for block, wrong in all_wrong(n, c, settled.ks[side_a], rows=2 * len(in_a)):
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
            judges = ", ".join(dict.fromkeys(verifiers))
            same = {"a": a, "b": b, "dataset": part.dataset, "verifier": judges}
            parts.append(at_each_k(same, block, problems, **compared))
    return Answer(pa.concat_tables(parts), settled.notes)
