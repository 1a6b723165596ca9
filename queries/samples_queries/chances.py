"""Chances of what k samples hold, drawn without replacement from n of which c are correct; no query.

All are products and sums of ratios of whole numbers, so that no logarithm of a factorial loses digits: values are
within 2e-15 of the exact fractions up to n = 10,000. Groups (n, c) that many problems share are worked out once, and a
block of ks at a time, so that memory is bounded for any number of ks.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import ceil

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

CELLS = 1 << 20  # numbers worked out at a time: 8 megabytes, and a few arrays of that size
WIDEST = 128  # ks at a time: of some thousand groups they stay in the processor's cache
FEW = 64  # correct samples up to which a product over them has fewer roundings than one over the samples drawn


def all_wrong(n: Integers, c: Integers, ks: Integers, rows: int = 0) -> Iterator[tuple[Integers, Floats]]:
    """Yield blocks of ks with the chances, [groups, ks of the block], that none of k is correct: 1 - pass@k.

    C(n-c, k) / C(n, k), which is C(n-k, c) / C(n, c): a product of k ratios, or of c. The shorter of the two errs
    least, and either is cumulative. NaN where n < k.

    Args:
        n: [groups], at least 1.
        c: [groups], of n.
        ks: ascending, at least 1.
        rows: how many numbers per k the caller makes of a block, when these are more than the groups.
    """
    width = max(1, min(WIDEST, CELLS // max(rows, len(n), 1)))
    few = c <= FEW
    many = ~few
    sizes, which = np.unique(n[many], return_inverse=True)
    wrong = (n - c)[many, None].astype(np.float64)  # exact, and divided faster
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
    """Chance that each correct sample in turn is not among the k."""
    sizes, which = np.unique(n, return_inverse=True)  # without return_inverse it would import numpy.ma, for 15 ms
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
    """Chances, [groups, needed], that at least so many of k are correct; every n is at least k.

    Tails of the hypergeometric distribution. Its weights come from ratios of neighbours, outwards from the likeliest
    number: no weight is above 1, those that are too small for a float are 0, and their sum makes them chances.
    """
    tails = np.empty((len(n), len(needed)))
    correct = np.arange(k)
    step = max(1, CELLS // (k + 1))
    for start in range(0, len(n), step):
        some_n, some_c = n[start : start + step, None], c[start : start + step, None]
        likeliest = (k + 1) * (some_c + 1) // (some_n + 2)
        # Of so many correct ones and one more: weights of drawing the one more, and of not.
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


def share_of(tau: float) -> Fraction:
    """Return tau as it is written in decimals: 0.1 of 30 is 3, not the 4 that the nearest float's ceiling is."""
    return Fraction(str(tau))


def needed(tau: float, k: int) -> int:
    """How many of k must be correct for a share of tau; one at least."""
    return max(1, ceil(share_of(tau) * k))


def sums(values: Floats, weights: Integers, powers: Sequence[int] = (1, 2)) -> Floats:
    """Return, at each k, how many problems have a value, and the sums of the values raised to each power.

    Args:
        values: [groups, ks]; NaN where a group has too few samples.
        weights: [groups], the problems in each.
        powers: doublings of one another, as squares of squares are quick.

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
    """Return, at each k, how many problems have a value, and its mean over them; NaN where none has.

    Args:
        values: [groups, ks]; NaN where a group has too few samples.
        weights: [groups], the problems in each.
    """
    problems, total = sums(values, weights, (1,))
    return problems.astype(np.int64), total / np.where(problems > 0, problems, np.nan)
