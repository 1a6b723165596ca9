"""How many of a run's unsolved problems are solved when more samples are drawn. No query.

Each problem has a chance p that a sample is correct. Nothing is assumed about the shape of the population of chances:
p is 0, or one of a grid of chances. The shares of these are unknown, with a Dirichlet prior. Gibbs sampling draws
populations that could have given the counts: it draws a chance for each problem, then the shares from these, and so on.
In each draw, every unsolved problem continues with its chance.

Counts cannot tell p = 0 from a p far below 1/n. There, the prior decides. It weighs as much as 3/4 of a problem at
p = 0, and as much as half a problem per unit of log-odds. Below 1/n that half falls with the square root of p: all
chances below 1/n together weigh as much as one problem. benchmarks/forecast.py measures what these weights lead to.

The seed is fixed: the same counts give the same answer. An answer at one K does not depend on the other Ks.
"""

from dataclasses import dataclass

import numpy as np

from samples_queries.chances import Floats, Integers

STEP = 0.25  # between neighbouring chances of the grid, in log-odds
HIGHEST = 4.0  # log-odds of the grid's largest chance: what is larger is solved at once
LOWEST = 64  # the grid's smallest chance is just below 1 / (64 n)
NEVER = 0.75  # the prior's weight at p = 0, in problems
DENSITY = 0.5  # the prior's weight per unit of log-odds, in problems
DRAWS = 2000
UNUSED = 200  # draws before these, in which the chain forgets where it began
WITHIN = 0.98  # share of the draws inside the interval: 0.95 would do if the prior were right of every population
SEED = 20_251_001


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
    odds, prior = _prior(n, problems)
    likelihood = _likelihood(n, c, odds)
    rate = np.append(0.0, np.logaddexp(0, odds))  # minus the log of the chance that a sample is wrong
    drawn = n[unsolved]
    generator = np.random.default_rng(SEED)
    shares = prior / prior.sum()
    solved = np.empty((DRAWS, len(ks)), np.int32)
    belief = np.zeros((len(drawn), len(prior)))  # how many problems of each unsolved group have each chance, on average
    for draw in range(-UNUSED, DRAWS):
        chances = likelihood * shares
        chances /= chances.sum(axis=1, keepdims=True)
        given = generator.multinomial(problems, chances)
        shares = generator.dirichlet(prior + given.sum(axis=0))
        if draw >= 0:
            group, at = _each(given[unsolved])
            with np.errstate(divide="ignore"):  # the first correct sample never comes where p = 0
                first = drawn[group] + generator.standard_exponential(len(at)) / rate[at]
            solved[draw] = np.bincount(np.searchsorted(ks, first), minlength=len(ks) + 1)[:-1].cumsum()
            belief += chances[unsolved] * (problems[unsolved, None] / DRAWS)
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


def _prior(n: Integers, problems: Integers) -> tuple[Floats, Floats]:
    """Return the log-odds of the grid's chances, and the prior's weights: that of p = 0, then theirs."""
    median = n[np.searchsorted(np.cumsum(problems), problems.sum() / 2)]
    span = HIGHEST + float(np.log(LOWEST * n.max()))
    odds: Floats = HIGHEST - STEP * np.arange(int(np.ceil(span / STEP)) + 1, dtype=np.float64)
    weights: Floats = DENSITY * STEP * np.exp(np.minimum(odds + float(np.log(median)), 0) / 2)
    return odds, np.append(NEVER, weights)


def _likelihood(n: Integers, c: Integers, odds: Floats) -> Floats:
    """Return the likelihood of each group's counts, [groups, 1 + odds], over the largest one of the group."""
    logs = -c[:, None] * np.logaddexp(0, -odds) - (n - c)[:, None] * np.logaddexp(0, odds)
    logs = np.hstack([np.where(c == 0, 0.0, -np.inf)[:, None], logs])
    return np.exp(logs - logs.max(axis=1, keepdims=True))
