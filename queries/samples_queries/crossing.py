"""crossing: which of two runs leads in pass@k at k = 1, and the k at which the other takes the lead (arXiv:2504.13837).

group    two runs
params   a: run, b: run, verifier: verifier, problem_set: problems
reads    verified
grain    a, b, dataset, verifier
columns  a, b, dataset, verifier, leads_at_1, k, leads_at_k, low, high, uncrossed, behind_from, changes,
         problems, pass_at_k_a, pass_at_k_b, largest_k, unpaired
means    a: name of one run
         b: name of the other run; exchanging the two changes no figure
         leads_at_1: the run with the higher mean pass@1; NULL when both have the same
         k: smallest k at which the run that did not lead before has the higher mean pass@k; NULL when there is none
         leads_at_k: the run that takes the lead at k; NULL when there is no such k
         low: lower end of the 95 % interval for k; NULL when it is above largest_k
         high: upper end of the 95 % interval for k; NULL when it is above largest_k
         uncrossed: share of the resamples in which the lead is not taken at any k up to largest_k; NULL when neither
           run ever leads
         behind_from: smallest k at which the first leader is behind by more than chance: the 95 % interval of `compare`
           at that k alone lies on the other run's side; NULL when there is none
         changes: how often the lead changes from one run to the other, up to largest_k
         problems: problems of which both runs have at least k verified samples; the means are over them
         largest_k: largest n that both runs have of a problem; every k from 1 to it is tried
example  samples query crossing --a base-7b --b rl-7b --verifier math

A lead is decided in whole numbers, however small it is. A tie takes no lead: two curves that become the same, such as
both 1, do not cross. When both runs have the same pass@1, the first leader is the one ahead at the first k at which
they differ. When k is NULL, `problems` and the two pass@k are those at `largest_k`.

The interval comes from a bootstrap: 1,000 times, as many problems are drawn from these problems with replacement, and k
is looked up anew: the smallest k at which the first leader is behind. A fixed seed draws them, so each answer is the
same. Above 1,000 values of k, an end of the interval is one of 1,000 values spread evenly over the logarithm of k. By
simulation, it holds the k of all problems that could have been asked in 93-97 % of lakes, and in more where that k is
near `largest_k` or above.
"""

from math import fsum
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from samples_queries import Answer
from samples_queries.chances import Floats, Integers, all_wrong, sums
from samples_queries.groups import distinct
from samples_queries.intervals import POWERS, difference_interval
from samples_queries.leads import mean_leads
from samples_queries.pairs import Pairs, pairs
from samples_queries.problem_sets import settle

_RESAMPLES = 1000
_AT_ONCE = 100  # resamples
_BEYOND = 25  # resamples outside each end of the interval
_KS = 1000  # most ks that are resampled
_ROUNDING = 1e-11  # of the largest difference at a k


def answer(connection: duckdb.DuckDBPyConnection, *, a: str, b: str, verifier: str, problem_set: str) -> Answer:
    """Return one row per dataset.

    Raises:
        Unanswerable: A run has no verdicts, or no problem is paired.
    """
    settled = settle(connection, [a, b], verifier, problem_set, ks=[], paired=True)
    found = [
        {"a": a, "b": b, "dataset": part.dataset, "verifier": verifier} | crossed(part, settled.ks[a], (a, b))
        for part in pairs(connection, a, b)
    ]
    whole, real, names = pa.int64(), pa.float64(), pa.string()
    types = [*[names] * 5, whole, names, whole, whole, real, *[whole] * 3, real, real, whole, whole]
    schema = pa.schema(list(zip(found[0], types, strict=True)))
    return Answer(pa.Table.from_pylist(found, schema=schema), settled.notes)


def crossed(part: Pairs, ks: Integers, runs: tuple[str, str]) -> dict[str, Any]:
    """Return the columns of one dataset, after a, b, dataset and verifier. `runs` are the names of A and B."""
    names = {1: runs[0], -1: runs[1], 0: None}
    ahead = mean_leads(part, ks)
    decided = ahead[ahead != 0]
    leader = int(decided[0]) if len(decided) else 0
    taken = np.flatnonzero(ahead == -leader) if leader else []
    place = int(taken[0]) if len(taken) else None
    shown = len(ks) - 1 if place is None else place
    resampled = _resampled(part if leader == 1 else part.turned(), ks) if leader else None
    return {
        "leads_at_1": names[int(ahead[0])],
        "k": None if place is None else int(ks[place]),
        "leads_at_k": None if place is None else names[-leader],
        **(resampled or dict.fromkeys(("low", "high", "uncrossed", "behind_from"))),
        "changes": int(np.count_nonzero(np.diff(decided))),
        **_at(part, ks[shown : shown + 1]),
        "largest_k": int(ks[-1]),
        "unpaired": part.unpaired,
    }


def _at(part: Pairs, k: Integers) -> dict[str, int | float]:
    """Return the problems at one k, and the two means."""
    n, c, (in_a, in_b) = distinct([(part.n_a, part.c_a), (part.n_b, part.c_b)])
    ((_, wrong),) = all_wrong(n, c, k)
    there = part.reach >= k[0]
    count = int(part.problems[there].sum())
    # math.fsum gives the same sum in any order of groups, so exchanging the runs changes no digit.
    first, second = (fsum((part.problems * (1 - wrong[place, 0]))[there]) / count for place in (in_a, in_b))
    return {"problems": count, "pass_at_k_a": first, "pass_at_k_b": second}


def _resampled(part: Pairs, ks: Integers) -> dict[str, Any]:
    """Return the interval of k, and the first k at which A, the first leader, is behind by more than chance."""
    n, c, (in_a, in_b) = distinct([(part.n_a, part.c_a), (part.n_b, part.c_b)])
    tried = ks if len(ks) <= _KS else np.unique(np.geomspace(ks[0], ks[-1], _KS).round().astype(np.int64))
    tables: list[Floats] = []
    behind: int | None = None
    for block, wrong in all_wrong(n, c, ks, rows=2 * len(in_a)):
        difference = wrong[in_b] - wrong[in_a]
        if behind is None:
            *_, high = difference_interval(sums(difference, part.problems, POWERS))
            beyond = np.flatnonzero(high < 0)
            behind = int(block[beyond[0]]) if len(beyond) else None
        tables.append(np.nan_to_num(difference[:, np.isin(block, tried)]))
    crossings = np.sort(_crossings(np.concatenate(tables, axis=1), part.problems))
    low, high, none = int(crossings[_BEYOND - 1]), int(crossings[-_BEYOND]), len(tried)
    return {
        "low": int(tried[low]) if low < none else None,
        "high": int(tried[high]) if high < none else None,
        "uncrossed": float((crossings == none).mean()),
        "behind_from": behind,
    }


def _crossings(differences: Floats, problems: Integers) -> Integers:
    """Return the place of the first k at which the mean difference is below 0, of each resample; else that after all.

    Args:
        differences: [groups, ks].
        problems: [groups], how many problems are in each group.
    """
    groups, count = len(problems), int(problems.sum())
    largest = np.abs(differences).max(axis=0)
    scaled = differences / np.where(largest > 0, largest, 1.0)  # the sign is what counts, and a lead may be tiny
    owner = np.repeat(np.arange(groups), problems)
    random = np.random.default_rng(0)
    found: list[Integers] = []
    for _ in range(0, _RESAMPLES, _AT_ONCE):
        drawn = owner[random.integers(0, count, (_AT_ONCE, count))] + groups * np.arange(_AT_ONCE)[:, None]
        times = np.bincount(drawn.ravel(), minlength=groups * _AT_ONCE).reshape(_AT_ONCE, groups)
        behind = times.astype(np.float64) @ scaled < -_ROUNDING * count
        found.append(np.where(behind.any(axis=1), behind.argmax(axis=1), scaled.shape[1]))
    return np.concatenate(found)
