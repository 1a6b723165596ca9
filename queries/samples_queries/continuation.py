"""How many of a run's unsolved problems are solved when more samples are drawn. No query.

Populations of chances that could have given the counts are drawn at random (see `populations`). In each of them, every
unsolved problem has a chance that a sample is correct, and continues with it.

An answer at one K does not depend on the other Ks.
"""

from dataclasses import dataclass

import numpy as np

from samples_queries.chances import Floats, Integers
from samples_queries.populations import Populations

DRAWS = 2000
UNUSED = 200  # draws before these, in which the chain forgets where it began
WITHIN = 0.98  # share of the draws inside the interval: 0.95 would do if the prior were right of every population


@dataclass(frozen=True)
class Continuation:
    """What becomes of the unsolved problems until each has K samples, for each K.

    Attributes:
        solved: how many of them are solved, on average.
        low: lower end of the interval of how many are solved.
        high: upper end of that interval.
        never: how many of them have p = 0, on average.
    """

    solved: Floats
    low: Floats
    high: Floats
    never: float


def continued(n: Integers, c: Integers, problems: Integers, ks: Integers) -> Continuation:
    """Continue the unsolved problems of a run until each has K samples. Those that have K or more stay unsolved.

    Args:
        n: [groups], at least 1, ascending.
        c: [groups], how many of the n are correct.
        problems: [groups], how many problems have these counts.
        ks: the values of K, ascending.
    """
    unsolved = c == 0
    if not unsolved.any():
        return Continuation(*np.zeros((3, len(ks))), never=0.0)
    populations = Populations(n, c, problems)
    rate, drawn, many = populations.rate, n[unsolved], problems[unsolved]
    solved = np.empty((DRAWS, len(ks)), np.int32)
    belief = np.zeros((len(drawn), len(rate)))  # how many problems of each unsolved group have each chance, on average
    for draw in range(-UNUSED, DRAWS):
        given, chances = populations.draw()
        if draw >= 0:
            group, at = _each(given)
            with np.errstate(divide="ignore"):  # the first correct sample never comes where p = 0
                first = drawn[group] + populations.generator.standard_exponential(len(at)) / rate[at]
            solved[draw] = np.bincount(np.searchsorted(ks, first), minlength=len(ks) + 1)[:-1].cumsum()
            belief += chances * (many[:, None] / DRAWS)
    more = np.maximum(ks - drawn[:, None], 0)  # [unsolved groups, ks]: samples that are still to be drawn
    average = np.array([(belief * -np.expm1(-np.outer(some, rate))).sum() for some in more.T])
    low = np.quantile(solved, (1 - WITHIN) / 2, axis=0, method="lower")
    high = np.quantile(solved, (1 + WITHIN) / 2, axis=0, method="higher")
    return Continuation(average, np.minimum(low, average), np.maximum(high, average), never=float(belief[:, 0].sum()))


def _each(given: Integers) -> tuple[Integers, Integers]:
    """Return the row and the column of each problem of a table that counts problems."""
    row, column = np.nonzero(given)
    times = given[row, column]
    return row.repeat(times), column.repeat(times)
