"""Chances of what k samples hold, drawn without replacement from n of which c are correct; no query.

All are products and sums of ratios of whole numbers, so that no logarithm of a factorial loses digits: values are
within 2e-15 of the exact fractions up to n = 10,000. Groups (n, c) that many problems share are worked out once, and a
block of ks at a time, so that memory is bounded for any number of ks.
"""

from collections.abc import Iterator
from fractions import Fraction
from math import ceil

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

CELLS = 1 << 20  # numbers worked out at a time: 8 megabytes, and a few arrays of that size
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
    width = max(1, CELLS // max(rows, len(n), 1))
    few = c <= FEW
    many_n, many_wrong = (some[~few, None].astype(np.float64) for some in (n, n - c))  # exact, and divided faster
    reached = np.ones((len(many_n), 1))
    for first in range(0, int(ks[-1]), width):
        drawn = np.arange(first, min(first + width, int(ks[-1])), dtype=np.float64)
        chances = np.maximum(many_wrong - drawn, 0)
        chances /= np.maximum(many_n - drawn, 1)
        chances[:, :1] *= reached
        np.multiply.accumulate(chances, axis=1, out=chances)
        reached = chances[:, -1:]
        block = ks[(ks > first) & (ks <= first + width)]
        if len(block):
            table = np.empty((len(n), len(block)))
            table[~few] = chances[:, block - 1 - first]
            table[few] = _over_correct(n[few], c[few], block)
            table[n[:, None] < block] = np.nan
            yield block, table


def _over_correct(n: Integers, c: Integers, ks: Integers) -> Floats:
    """Chance that each correct sample in turn is not among the k."""
    order = np.argsort(c, kind="stable")
    n, c = n[order], c[order]
    chances = np.ones((len(n), len(ks)))
    for position in range(int(c[-1]) if len(c) else 0):
        more = int(np.searchsorted(c, position, side="right"))
        left = (n[more:] - position)[:, None]
        chances[more:] *= np.maximum(left - ks, 0) / left
    back = np.empty_like(chances)
    back[order] = chances
    return back


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


def means(values: Floats, weights: Integers) -> tuple[Integers, Floats]:
    """Return, at each k, how many problems have a value, and its mean over them; NaN where none has.

    Args:
        values: [groups, ks]; NaN where a group has too few samples.
        weights: [groups], the problems in each.
    """
    there = ~np.isnan(values)
    problems = weights @ there
    return problems, (weights @ np.where(there, values, 0.0)) / np.where(problems > 0, problems, np.nan)
