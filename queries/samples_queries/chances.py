"""Chances about k samples drawn without replacement from n, of which c are correct. No query.

Each chance is a product or a sum of ratios of whole numbers. No logarithm of a factorial loses digits: up to n = 10,000
the values are within 2e-15 of the exact fractions. Problems with the same n and c are a group, and each group is
computed once. The ks are computed in blocks, so memory is bounded for any number of ks.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import ceil

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

CELLS = 1 << 20  # most numbers in a block: 8 megabytes, and a few arrays of that size
WIDEST = 128  # most ks in a block: with some thousand groups it fits the processor's cache
FEW = 64  # with so many correct samples or fewer, the product over them is used: it has fewer roundings


def all_wrong(n: Integers, c: Integers, ks: Integers, rows: int = 0) -> Iterator[tuple[Integers, Floats]]:
    """Yield blocks of ks, each with the chance of every group that none of k samples is correct: 1 - pass@k.

    The chances are [groups, ks of the block], and NaN where n < k. The formula is C(n-c, k) / C(n, k), which equals
    C(n-k, c) / C(n, c): a product of k ratios, or of c ratios. The shorter product has the smaller error.

    Args:
        n: [groups], at least 1.
        c: [groups], how many of the n are correct.
        ks: ascending, at least 1.
        rows: how many numbers per k the caller computes from a block, when that is more than one per group.
    """
    width = max(1, min(WIDEST, CELLS // max(rows, len(n), 1)))
    few = c <= FEW
    many = ~few
    sizes, which = np.unique(n[many], return_inverse=True)
    wrong = (n - c)[many, None].astype(np.float64)  # floats divide faster, and hold these numbers exactly
    reached = np.ones((len(wrong), 1))
    for first in range(0, int(ks[-1]), width):
        drawn = np.arange(first, min(first + width, int(ks[-1])), dtype=np.float64)
        chances = np.maximum(wrong - drawn, 0)
        chances /= np.maximum(sizes[:, None] - drawn, 1)[which]
        chances[:, :1] *= reached
        np.multiply.accumulate(chances, axis=1, out=chances)
        reached = chances[:, -1:].copy()
        block = ks[(ks > first) & (ks <= first + width)]
        if len(block):
            table = np.empty((len(n), len(block)))
            table[many] = chances if len(block) == len(drawn) else chances[:, block - 1 - first]
            table[few] = _over_correct(n[few], c[few], block)
            if n.min() < block[-1]:
                table[n[:, None] < block] = np.nan
            yield block, table


def _over_correct(n: Integers, c: Integers, ks: Integers) -> Floats:
    """Return the same chances as products over the correct samples: that each in turn is not among the k."""
    sizes, which = np.unique(n, return_inverse=True)  # without return_inverse numpy imports numpy.ma, in 15 ms
    most = int(c.max(initial=0))
    chances = np.ones((len(n), len(ks)))
    step = max(1, CELLS // max(most * len(ks), 1))
    for first in range(0, len(sizes), step):
        left = np.maximum(sizes[first : first + step, None, None] - np.arange(most)[:, None], 1)
        products = np.multiply.accumulate(np.maximum(left - ks, 0) / left, axis=1)
        here = np.flatnonzero((c > 0) & (first <= which) & (which < first + step))
        chances[here] = products[which[here] - first, c[here] - 1]
    return chances


def at_least(n: Integers, c: Integers, k: int, needed: list[int]) -> Floats:
    """Return the chance, [groups, needed], that at least the needed number of k samples is correct.

    Every n must be at least k. The chances are tails of the hypergeometric distribution. The likeliest number of
    correct samples has weight 1. The other weights follow from ratios of neighbours, and those too small for a float
    are 0. Dividing by the sum of the weights gives chances.
    """
    tails = np.empty((len(n), len(needed)))
    correct = np.arange(k)
    step = max(1, CELLS // (k + 1))
    for start in range(0, len(n), step):
        some_n, some_c = n[start : start + step, None], c[start : start + step, None]
        likeliest = (k + 1) * (some_c + 1) // (some_n + 2)
        # The weight of i + 1 correct samples is the weight of i, times more[i], over fewer[i].
        more = np.maximum((some_c - correct) * (k - correct), 0).astype(np.float64)
        fewer = np.maximum((correct + 1) * (some_n - some_c - k + correct + 1), 0).astype(np.float64)
        above = correct >= likeliest
        weights = np.ones((len(some_n), k + 1))
        up = np.divide(more, fewer, out=np.ones_like(more), where=above)
        down = np.divide(fewer, more, out=np.ones_like(more), where=~above)
        weights[:, 1:] = np.multiply.accumulate(up, axis=1)
        weights[:, :-1] *= np.multiply.accumulate(down[:, ::-1], axis=1)[:, ::-1]
        total = weights.sum(axis=1)
        for column, least in enumerate(needed):
            tails[start : start + step, column] = weights[:, least:].sum(axis=1) / total
    return tails


def binomial(n: int, p: float) -> Floats:
    """Return the binomial chances of 0, 1, … n, from ratios of neighbours, starting at the likeliest."""
    got = np.arange(n)
    likeliest = min(int((n + 1) * p), n)
    ratio = (n - got) / (got + 1) * (p / (1 - p))
    up, down = np.cumprod(ratio[likeliest:]), np.cumprod(1 / ratio[:likeliest][::-1])[::-1]
    weights = np.concatenate([down, [1.0], up])
    return weights / weights.sum()


def share_of(tau: float) -> Fraction:
    """Return tau as the decimal number that is written: 0.1 of 30 must be 3, but the float 0.1 would give 4."""
    return Fraction(str(tau))


def needed(tau: float, k: int) -> int:
    """Return how many of k samples must be correct for a share of tau, at least one."""
    return max(1, ceil(share_of(tau) * k))


def sums(values: Floats, weights: Integers, powers: Sequence[int] = (1, 2)) -> Floats:
    """Return for each k the number of problems with a value, then the sum of their values to each power.

    Args:
        values: [groups, ks]; NaN where a group has too few samples.
        weights: [groups], the number of problems in each group.
        powers: 1, 2, 4 and so on: each power is the square of the one before.

    Returns:
        [1 + powers, ks].
    """
    each = weights.astype(np.float64)
    problems = np.full(values.shape[1], each.sum())
    absent = np.isnan(values)
    if absent.any():
        problems = each @ ~absent
        values = np.where(absent, 0.0, values)
    found = [problems]
    for power in powers:
        values = values if power == 1 else values * values
        found.append(each @ values)
    return np.stack(found)


def means(values: Floats, weights: Integers) -> tuple[Integers, Floats]:
    """Return for each k the number of problems with a value, and the mean of their values; NaN without a problem.

    Args:
        values: [groups, ks]; NaN where a group has too few samples.
        weights: [groups], the number of problems in each group.
    """
    problems, total = sums(values, weights, (1,))
    return problems.astype(np.int64), total / np.where(problems > 0, problems, np.nan)
