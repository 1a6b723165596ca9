"""compare: pass@k of run A minus pass@k of run B, paired problem by problem, at each k.

group    two runs
formula  difference = mean over problems of pass@k of A - pass@k of B
params   a: run, b: run, verifier: verifier, verifier_b: verifier = none, ks: ints = none, problem_set: problems,
         interval: text = population, band: bool = false
reads    verified
takes    by, pool
grain    a, b, dataset, verifier, k
columns  a, b, dataset, verifier, k, problems, pass_at_k_a, pass_at_k_b, difference, low, high, interval,
         detectable, unseen, wins, losses, ties, sign_p, unpaired
means    verifier_b: the verifier of run B, when it is another one; a and b may then be the same run
         verifier: name of the verifier whose verdicts count; of two, both names
         problems: problems of which both runs have at least k verified samples; the means are over them
         difference: pass_at_k_a minus pass_at_k_b, in [-1, 1]
         detectable: smallest true difference that would be told from 0 in 80 % of repetitions, by an interval at one k;
           above 1 means that none would
         unseen: chance that these problems miss a rare kind, which one run never solves, that would move the mean out
           of the interval; above 0.1 the interval may be too narrow; 0 for these
         wins: problems on which A has the higher pass@k, exactly
         losses: problems on which B has the higher pass@k, exactly
         ties: problems on which both have the same pass@k, exactly
         sign_p: two-sided p-value of the exact sign test of wins against losses; ties are left out
example  samples query compare --a base-7b --b rl-7b --verifier math --ks 1,8,64

A difference is more than chance when the interval leaves out 0. `--interval` chooses whose chance:

- population: other problems of this kind are asked, and sampled anew. Would A still be ahead on them?
- these: these problems are sampled anew. Is A ahead on them, or was it luck in sampling? The interval is narrower.

An interval is for one k. With `--band`, the intervals hold at all k at once in 95 % of repetitions: use it to look
through a curve for a k at which runs differ.

By simulation, intervals and bands hold in 93-97 % of repetitions, with these exceptions. They hold more often where
fewer than about five problems differ, where 30 problems hardly differ, or where luck could change less than about one
problem (for these). Intervals of the population hold less often where the difference comes from a few problems of a
rare kind. Where run B never solves 5 % of problems and is like A on the others, they hold in 77-92 % with 30 problems,
and in 86-94 % with 100. Nearly all of those that miss the truth then have `unseen` above 0.1, and a note names them.

One run under two verifiers is treated as two runs that were sampled apart. This makes intervals of these problems too
wide.

`sign_p` counts on how many problems a run is ahead, not by how much. With many samples a tiny lead is a win too, so
wins and the mean difference may point in opposite ways.
"""

from collections.abc import Sequence
from functools import cache
from math import comb

import duckdb
import numpy as np
import pyarrow as pa

from samples_queries import Answer
from samples_queries.bands import deviations, pointwise, spaced
from samples_queries.chances import Floats, Integers, all_wrong, sums
from samples_queries.groups import at_each_k, distinct
from samples_queries.intervals import (
    BAND,
    DIFFERENCE_METHOD,
    POWERS,
    RERUN_METHOD,
    around,
    difference_error,
    require_kind,
    unseen,
)
from samples_queries.leads import leads
from samples_queries.pairs import Pairs, pairs
from samples_queries.problem_sets import settle, sides
from samples_queries.reruns import Noise, Reruns

_TOO_OFTEN = 0.1  # of `unseen`: a note names the ks
_SHOWN = 8  # ks in a note


def answer(
    connection: duckdb.DuckDBPyConnection,
    *,
    a: str,
    b: str,
    verifier: str,
    verifier_b: str | None,
    ks: list[int] | None,
    problem_set: str,
    interval: str,
    band: bool,
) -> Answer:
    """Return the paired difference at each k.

    Raises:
        Unanswerable: A run has no verdicts, no problem is paired, a k is below 1, no k is reached, or the interval is
            of no kind.
    """
    require_kind(interval)
    runs, verifiers = [a, b], [verifier, verifier_b or verifier]
    settled = settle(connection, runs, verifiers, problem_set, ks=ks, paired=True)
    side_a, side_b = sides(runs, verifiers)
    wanted, judges = settled.ks[side_a], ", ".join(dict.fromkeys(verifiers))
    parts: list[pa.Table] = []
    notes = list(settled.notes)
    for part in pairs(connection, side_a, side_b):
        same = {"a": a, "b": b, "dataset": part.dataset, "verifier": judges}
        found = compared(same, part, wanted, these=interval == "these", band=band)
        notes += _warning(part.dataset, found)
        parts.append(found)
    return Answer(pa.concat_tables(parts), notes)


def compared(same: dict[str, str], part: Pairs, ks: Integers, *, these: bool, band: bool) -> pa.Table:
    """Return the rows of one dataset."""
    n, c, (in_a, in_b) = distinct([(part.n_a, part.c_a), (part.n_b, part.c_b)])
    of = [Reruns(n, c, part.problems) for n, c in ((part.n_a, part.c_a), (part.n_b, part.c_b))] if these else []
    level = _band(part, ks, of) if band else 0.95
    method = (RERUN_METHOD if these else DIFFERENCE_METHOD) + BAND * band
    parts: list[pa.Table] = []
    for block, wrong in all_wrong(n, c, ks, rows=2 * len(in_a)):
        difference = wrong[in_b] - wrong[in_a]
        absent = np.isnan(difference)
        total = sums(difference, part.problems, POWERS)
        of_runs = [sums(np.where(absent, np.nan, 1 - wrong[place]), part.problems) for place in (in_a, in_b)]
        error = difference_error(total)
        if these:
            noise = _noise(part, block, of)
            error = noise.of(total[1] / np.maximum(total[0], 1))
        problems, mean, low, high = around(total[0], total[1], error.ends(level), (-1.0, 1.0))
        rare = np.zeros(len(block)) if these else unseen(problems, (high - low) / 2, of_runs)
        ahead = leads(part, block)
        wins, losses = part.problems @ (ahead > 0), part.problems @ (ahead < 0)
        columns = {
            "pass_at_k_a": _mean(of_runs[0]),
            "pass_at_k_b": _mean(of_runs[1]),
            "difference": mean,
            "low": low,
            "high": high,
            "interval": method,
            "detectable": error.detectable(),
            "unseen": rare,
            "wins": wins,
            "losses": losses,
            "ties": problems - wins - losses,
            "sign_p": np.array([sign_test(*pair) for pair in zip(wins.tolist(), losses.tolist(), strict=True)]),
            "unpaired": part.unpaired,
        }
        parts.append(at_each_k(dict(same), block, problems, **columns))
    return pa.concat_tables(parts)


def _mean(total: Floats) -> Floats:
    return total[1] / np.where(total[0] > 0, total[0], np.nan)


def _noise(part: Pairs, ks: Integers, of: Sequence[Reruns]) -> Noise:
    first, second = (run.noise(ks, part.problems, part.reach) for run in of)
    return first.and_of(second)


def _band(part: Pairs, ks: Integers, of: Sequence[Reruns]) -> float:
    """Return the level of each interval with which all of them hold at once."""
    some = spaced(ks[ks <= part.reach.max()])
    if of:
        first, second = (run.covariance(some, part.problems, part.reach) for run in of)
        return pointwise(first + second)
    differences: list[Floats] = []
    n, c, (in_a, in_b) = distinct([(part.n_a, part.c_a), (part.n_b, part.c_b)])
    for _, wrong in all_wrong(n, c, some, rows=2 * len(in_a)):
        differences.append(wrong[in_b] - wrong[in_a])
    return pointwise(deviations(np.concatenate(differences, axis=1), part.problems))


@cache
def sign_test(wins: int, losses: int) -> float:
    """Return the chance that a fair coin splits wins + losses throws at least as unevenly: two-sided, exact."""
    throws, fewer = wins + losses, min(wins, losses)
    if wins == losses:
        return 1.0
    # The likeliest of the uneven splits is exact; each one further out is its neighbour times a ratio below 1.
    likeliest = comb(throws, fewer) / (1 << throws)
    ratios = np.arange(fewer, 0, -1) / (throws - np.arange(fewer, 0, -1) + 1)
    return min(1.0, 2 * likeliest * (1 + float(np.multiply.accumulate(ratios).sum())))


def _warning(dataset: str, rows: pa.Table) -> list[str]:
    """Return a note about intervals that may be too narrow, if there are any."""
    rare = rows["unseen"].to_numpy()
    ks = rows["k"].to_numpy()[rare > _TOO_OFTEN].tolist()
    if not ks:
        return []
    named = ", ".join(map(str, ks[:_SHOWN])) + " …" * (len(ks) > _SHOWN)
    fewest = min(rows["problems"].to_pylist())
    said = (
        f"{dataset}: the interval at k = {named} may be too narrow: {fewest} problems may miss a rare kind that would"
    )
    return [f"{said} move the mean out of it (column unseen); --interval these asks about these problems only"]
