"""pass_at_k: unbiased pass@k of each run (Chen et al. 2021, arXiv:2107.03374, eq. 1).

group    accuracy
formula  pass@k = mean over problems of 1 - C(n-c, k) / C(n, k)
params   runs: runs, verifier: verifier, ks: ints = none, problem_set: problems,
         interval: text = population, band: bool = false
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

The interval says how far pass@k is from the truth in 95 % of repetitions. `--interval` chooses of which repetitions:

- population: other problems of this kind are asked, and sampled anew. It says what the run does beyond these problems.
- these: these problems are sampled anew. It says how far luck in sampling moves the figure, and is narrower.

An interval is for one k. With `--band`, all of a run's intervals hold at once in 95 % of repetitions, so that the whole
curve lies between them.

By simulation, intervals and bands hold in 93-97 % of repetitions, with these exceptions. For population, they hold in
87-100 % where fewer than about five problems are on the rarer side, solved or unsolved: a count so small moves in
steps. For these, they hold more often where luck could change less than about one problem. With one sample per problem
nothing tells how luck changes a problem, and `these` is a guess.
"""

import duckdb
import numpy as np
import pyarrow as pa

from samples_queries import Answer
from samples_queries.bands import deviations, pointwise, spaced
from samples_queries.chances import Floats, Integers, all_wrong, sums
from samples_queries.groups import Groups, at_each_k, distinct, groups, unjudged_note, unverified
from samples_queries.intervals import BAND, METHOD, RERUN_METHOD, around, mean_interval, require_kind
from samples_queries.problem_sets import settle
from samples_queries.reruns import Reruns


def answer(
    connection: duckdb.DuckDBPyConnection,
    *,
    runs: list[str],
    verifier: str,
    ks: list[int] | None,
    problem_set: str,
    interval: str,
    band: bool,
) -> Answer:
    """Return pass@k of each run, at each k that its problems reach.

    Raises:
        Unanswerable: A k is below 1, no k is reached, runs have no verdicts or no common problem, or the interval is of
            no kind.
    """
    require_kind(interval)
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
        parts.append(curve(run, wanted[own], here[:, own], lost[run.run], these=interval == "these", band=band))
    return Answer(pa.concat_tables(parts), [*settled.notes, *unjudged_note(lost, verifier)])


def curve(run: Groups, ks: Integers, total: Floats, lost: dict[str, int], *, these: bool, band: bool) -> pa.Table:
    """Return a run's rows at these ks. `total` has the sums of pass@k over its problems, `lost` the last columns."""
    reruns = Reruns(run.n, run.c, run.problems) if these else None
    level = _band(run, ks, reruns) if band else 0.95
    problems, mean, low, high = mean_interval(total, level)
    if reruns:
        ends = reruns.noise(ks, run.problems, run.n).of(mean).ends(level)
        *_, low, high = around(total[0], total[1], ends, (0.0, 1.0))
    same = {"run": run.run, "dataset": run.dataset, "verifier": run.verifier}
    method = (RERUN_METHOD if these else METHOD) + BAND * band
    return at_each_k(same, ks, problems, pass_at_k=mean, low=low, high=high, interval=method, **lost)


def _band(run: Groups, ks: Integers, reruns: Reruns | None) -> float:
    """Return the level of each interval with which all of them hold at once."""
    some = spaced(ks[ks <= run.most])
    if reruns:
        return pointwise(reruns.covariance(some, run.problems, run.n))
    wrong = np.concatenate([wrong for _, wrong in all_wrong(run.n, run.c, some)], axis=1)
    return pointwise(deviations(wrong, run.problems))
