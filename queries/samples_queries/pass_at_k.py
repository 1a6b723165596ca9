"""pass_at_k: unbiased pass@k of each run (Chen et al. 2021, arXiv:2107.03374, eq. 1).

group    accuracy
params   runs: runs, verifier: verifier, ks: ints = none
reads    tallies
grain    run, dataset, verifier, k
columns  run, dataset, verifier, k, problems, pass_at_k, low, high, interval, errors, timeouts
example  samples query pass_at_k --runs base-7b,rl-7b --verifier math --ks 1,8,64

The interval is "two-level beta". It answers: if other problems of this kind had been asked, and sampled anew, where
would the mean be? It treats the problems as a random sample of those that could have been asked, and it includes the
sampling error within each problem. In 95 % of repetitions such an interval holds the true mean.
"""

import duckdb
import numpy as np
import pyarrow as pa

from samples_queries.chances import Floats, Integers, all_wrong, sums
from samples_queries.groups import Groups, at_each_k, chosen, distinct, groups
from samples_queries.intervals import METHOD, mean_interval


def answer(connection: duckdb.DuckDBPyConnection, *, runs: list[str], verifier: str, ks: list[int] | None) -> pa.Table:
    """Return pass@k of each run, at each k that one of its problems reaches.

    Raises:
        Unanswerable: A k is below 1, there are no verdicts, or a k is above the largest n.
    """
    judged = groups(connection, runs, verifier)
    wanted = chosen(ks, max(run.most for run in judged))
    n, c, places = distinct((run.n, run.c) for run in judged)
    total = np.zeros((len(judged), 3, len(wanted)))
    for block, wrong in all_wrong(n, c, wanted):
        at = np.searchsorted(wanted, block)
        for here, run, place in zip(total, judged, places, strict=True):
            here[:, at] = sums(1 - wrong[place], run.problems)
    return pa.concat_tables(_rows(run, wanted, here) for run, here in zip(judged, total, strict=True))


def _rows(run: Groups, ks: Integers, total: Floats) -> pa.Table:
    problems, mean, low, high = mean_interval(total)
    same = {"run": run.run, "dataset": run.dataset, "verifier": run.verifier}
    measured = {"pass_at_k": mean, "low": low, "high": high, "interval": METHOD}
    return at_each_k(same, ks, problems, **measured, errors=run.errors, timeouts=run.timeouts)
