"""Decide exactly which of two runs is ahead: on a problem, and in the mean over problems. No query.

A lead may be far smaller than a float's rounding. 8 wrong samples of 128 make pass@8 a trillionth less than 1. Run A is
ahead where its chance C(n-c, k) / C(n, k) that all k samples are wrong is smaller. Whole numbers decide this for two
runs with the same n. Otherwise logarithms decide, which neither underflow nor cancel. Where they are too close, whole
numbers decide again.
"""

from collections.abc import Iterator
from fractions import Fraction
from math import comb, lgamma

import numpy as np
import numpy.typing as npt

from samples_queries.chances import CELLS, Floats, Integers
from samples_queries.pairs import Pairs

Signs = npt.NDArray[np.int8]

ROUNDING = 1e-14  # of a sum of logarithms of factorials, as a share of the largest one


def leads(pairs: Pairs, ks: Integers) -> Signs:
    """Return who has the higher pass@k on each problem: 1 for A, -1 for B, 0 for neither, [groups, ks].

    It is 0 where a run has fewer than k samples.
    """
    wrong_a, wrong_b = pairs.n_a - pairs.c_a, pairs.n_b - pairs.c_b
    # With the same n, fewer wrong samples are better, unless both have fewer than k: then both always solve it.
    ahead = np.sign(wrong_b - wrong_a).astype(np.int8)[:, None] * (np.maximum(wrong_a, wrong_b)[:, None] >= ks)
    other = np.flatnonzero(pairs.n_a != pairs.n_b)
    if len(other):
        ahead[other] = _leads_of_unequal(pairs.n_a[other], wrong_a[other], pairs.n_b[other], wrong_b[other], ks)
    return np.where(pairs.reach[:, None] >= ks, ahead, 0).astype(np.int8)


def _leads_of_unequal(n_a: Integers, wrong_a: Integers, n_b: Integers, wrong_b: Integers, ks: Integers) -> Signs:
    logs = _log_factorials(int(max(n_a.max(), n_b.max())))
    tolerance = ROUNDING * (1 + logs[-1])
    found = np.zeros((len(n_a), len(ks)), np.int8)
    for part in _blocks(len(ks), len(n_a)):
        first, second = (_log_chances(logs, n, wrong, wrong, ks[part]) for n, wrong in ((n_a, wrong_a), (n_b, wrong_b)))
        never = np.isneginf(first) & np.isneginf(second)
        gap = np.where(never, 0.0, second - np.where(never, 0.0, first))
        found[:, part] = np.where(np.abs(gap) > tolerance, np.sign(gap), 0)
        for row, column in np.argwhere((np.abs(gap) <= tolerance) & ~never).tolist():
            k = int(ks[part][column])
            ways_a = comb(int(wrong_a[row]), k) * comb(int(n_b[row]), k)
            ways_b = comb(int(wrong_b[row]), k) * comb(int(n_a[row]), k)
            found[row, part.start + column] = (ways_b > ways_a) - (ways_b < ways_a)
    return found


def mean_leads(pairs: Pairs, ks: Integers) -> Signs:
    """Return who has the higher mean pass@k over the problems of which both runs have k samples, [ks].

    1 is A, -1 is B, 0 is neither. What both runs have alike cancels first. So a tie of curves that meet is found at
    once, and a small lead is compared with what is left, not with 1.
    """
    reach = np.minimum(pairs.reach, ks[-1])
    sides = ((pairs.n_a, pairs.c_a, -pairs.problems), (pairs.n_b, pairs.c_b, pairs.problems))
    rows = np.concatenate([np.stack([reach, n, n - c], axis=1) for n, c, _ in sides])
    rows, place = np.unique(rows, axis=0, return_inverse=True)
    net = np.zeros(len(rows), np.int64)
    np.add.at(net, place.ravel(), np.concatenate([problems for _, _, problems in sides]))
    reach, n, wrong = rows[net != 0].T
    net = net[net != 0]
    found = np.zeros(len(ks), np.int8)
    if not len(net):
        return found
    logs = _log_factorials(int(n.max()))
    for part in _blocks(len(ks), len(net)):
        chances = _log_chances(logs, n, wrong, np.minimum(wrong, reach), ks[part])
        top = chances.max(axis=0)
        there = np.isfinite(top)
        chances = np.exp(chances - np.where(there, top, 0.0))
        gap, size = net @ chances, np.abs(net) @ chances
        clear = np.abs(gap) > ROUNDING * (1 + logs[-1]) * size
        found[part] = np.where(clear, np.sign(gap), 0)
        for column in np.flatnonzero(there & ~clear).tolist():
            k = int(ks[part][column])
            left = np.minimum(wrong, reach) >= k
            found[part.start + column] = _exactly(net[left], n[left], wrong[left], k)
    return found


def _exactly(net: Integers, n: Integers, wrong: Integers, k: int) -> int:
    """Return the sign of the sum of net · C(wrong, k) / C(n, k), in whole numbers."""
    total = Fraction(0)
    for size in np.unique(n).tolist():
        here = n == size
        ways = sum(times * comb(left, k) for times, left in zip(net[here].tolist(), wrong[here].tolist(), strict=True))
        total += Fraction(ways, comb(size, k))
    return (total > 0) - (total < 0)


def _log_factorials(most: int) -> Floats:
    return np.array([lgamma(number + 1) for number in range(most + 1)])


def _log_chances(logs: Floats, n: Integers, wrong: Integers, until: Integers, ks: Integers) -> Floats:
    """Return log C(wrong, k) / C(n, k), [groups, ks]; minus infinity where k is above `until`, at most `wrong`."""
    sizes, which = np.unique(n, return_inverse=True)
    ways = logs[sizes][:, None] - logs[np.maximum(sizes[:, None] - ks, 0)]
    found = logs[wrong][:, None] - logs[np.maximum(wrong[:, None] - ks, 0)] - ways[which.ravel()]
    return np.where(until[:, None] >= ks, found, -np.inf)


def _blocks(count: int, rows: int) -> Iterator[slice]:
    """Yield slices of ks that bound the numbers in a table of so many rows."""
    step = max(1, CELLS // rows)
    return (slice(first, min(first + step, count)) for first in range(0, count, step))
