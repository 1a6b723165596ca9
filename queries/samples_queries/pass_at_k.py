"""pass_at_k: unbiased pass@k of each run (Chen et al. 2021, arXiv:2107.03374, eq. 1).

group    accuracy
params   runs: runs, verifier: verifier, ks: ints = none, problem_set: problems
reads    tallies, verified, drawn
takes    by, pool
pooled   members, lowest, highest, sd
grain    run, dataset, verifier, k
columns  run, dataset, verifier, k, problems, pass_at_k, low, high, interval, unjudged,
         errors, timeouts
means    members: with pool, how many of the pooled runs have k verified samples of each of these problems
         lowest: with pool, the lowest pass@k of these members, on these problems
         highest: with pool, the highest pass@k of these members
         sd: with pool, the standard deviation of their pass@k (with N - 1); NULL for fewer than two members
example  samples query pass_at_k --runs base-7b,rl-7b --verifier math --ks 1,8,64

The interval is "two-level beta". It answers: if other problems of this kind had been asked, and sampled anew, where
would the mean be? It treats the problems as a random sample of those that could have been asked, and it includes the
sampling error within each problem. In 95 % of repetitions such an interval holds the true mean.
"""

import duckdb
import numpy as np
import pyarrow as pa

from samples_queries import Answer
from samples_queries.chances import Floats, Integers, all_wrong, sums
from samples_queries.groups import Groups, at_each_k, distinct, groups, unjudged_note, unverified
from samples_queries.intervals import METHOD, mean_interval
from samples_queries.problem_sets import settle


def answer(
    connection: duckdb.DuckDBPyConnection, *, runs: list[str], verifier: str, ks: list[int] | None, problem_set: str
) -> Answer:
    """Return pass@k of each run, at each k that its problems reach.

    Raises:
        Unanswerable: A k is below 1, no k is reached, or runs have no verdicts or no common problem.
    """
    settled = settle(connection, runs, verifier, problem_set, ks=ks)
    judged = groups(connection, verifier)
    wanted = settled.every_k
    n, c, places = distinct((run.n, run.c) for run in judged)
    total = np.zeros((len(judged), 3, len(wanted)))
    for block, wrong in all_wrong(n, c, wanted):
        at = np.searchsorted(wanted, block)
        for here, run, place in zip(total, judged, places, strict=True):
            here[:, at] = sums(1 - wrong[place], run.problems)
    lost = unverified(connection, [run.run for run in judged], verifier)
    parts: list[pa.Table] = []
    for run, here in zip(judged, total, strict=True):
        own = np.searchsorted(wanted, settled.ks[run.run])
        parts.append(_rows(run, wanted[own], here[:, own], lost[run.run]))
    return Answer(pa.concat_tables(parts), [*settled.notes, *unjudged_note(lost, verifier)])


def _rows(run: Groups, ks: Integers, total: Floats, lost: dict[str, int]) -> pa.Table:
    problems, mean, low, high = mean_interval(total)
    same = {"run": run.run, "dataset": run.dataset, "verifier": run.verifier}
    measured = {"pass_at_k": mean, "low": low, "high": high, "interval": METHOD}
    return at_each_k(same, ks, problems, **measured, **lost)
