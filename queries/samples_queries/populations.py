"""Draw populations of chances that could have given the counts of a run. No query.

Each problem has a chance p that a sample is correct. Nothing is assumed about the shape of the population of chances:
p is 0, or one of a grid of chances. The shares of these are unknown, with a Dirichlet prior.

Gibbs sampling draws a chance for each problem, then the shares from these, and so on. Counts hardly tell one small
chance from another, or from 0. There, a chain of such draws moves slowly: of 2,000 problems, two thousand draws say the
share at p = 0 with a standard error of six points. So the shares of two small chances are also drawn anew, as the prior
has them, many times between two draws. The counts decide whether the new ones stay (Metropolis and Hastings).
The help of `forecast` says which error is left.

Where counts cannot tell p = 0 from a p far below 1/n, the prior decides. It weighs as much as 3/4 of a problem at
p = 0, and as much as half a problem per unit of log-odds. Below 1/n that half falls with the square root of p: all
chances below 1/n together weigh as much as one problem. benchmarks/forecast.py measures what these weights lead to.

The seed is fixed: the same counts give the same answer.
"""

import numpy as np
import numpy.typing as npt

from samples_queries.chances import Floats, Integers

STEP = 0.25  # between neighbouring chances of the grid, in log-odds
HIGHEST = 4.0  # log-odds of the grid's largest chance: what is larger is solved at once
LOWEST = 64  # the grid's smallest chance is just below 1 / (64 n)
NEVER = 0.75  # the prior's weight at p = 0, in problems
DENSITY = 0.5  # the prior's weight per unit of log-odds, in problems
SMALL = 8  # correct samples among n: chances that give fewer are exchanged
EXCHANGES = 24  # between two draws
SEED = 20_251_001
NEGLIGIBLE = 1e-30  # a group need not be given chances of which the likelihood is below this share of its largest one
NARROW = [8, 16]  # chances: groups with at most so many are drawn together, which takes half as long for all of them


class Populations:
    """Populations that could have given the counts of groups of problems, one after the other.

    Attributes:
        rate: minus the log of the chance that a sample is wrong, of each chance: 0, then the grid from high to low.
        generator: draws the populations, and what else is to be drawn at random.
    """

    def __init__(self, n: Integers, c: Integers, problems: Integers) -> None:
        """Take the counts: all [groups], as in `continuation.continued`. Some group is unsolved."""
        median = int(n[np.searchsorted(np.cumsum(problems), problems.sum() / 2)])
        odds, self._prior = _prior(int(n.max()), median)
        likelihood = _likelihood(n, c, odds)
        self.rate: Floats = np.append(0.0, np.logaddexp(0, odds))
        self.generator = np.random.default_rng(SEED)
        self._parts = [_Part(likelihood[rows], problems[rows]) for rows in _by_width(likelihood, c == 0)]
        self._shares: Floats = self._prior / self._prior.sum()
        self._small = np.append(0, 1 + np.flatnonzero(odds < np.log(SMALL / median)))
        near = (likelihood[:, self._small] > NEGLIGIBLE).any(axis=1)
        self._likelihood, self._problems = np.asfortranarray(likelihood[near]), problems[near]

    def draw(self) -> tuple[Integers, Floats]:
        """Draw a population; return of the unsolved groups how many problems have each chance, and its probability.

        Both are [unsolved groups, chances].
        """
        given, chances = self._parts[0].draw(self.generator, self._shares)
        total = given.sum(axis=0) + sum(part.total(self.generator, self._shares) for part in self._parts[1:])
        self._shares = self.generator.dirichlet(self._prior + total)
        self._exchange()
        return given, chances

    def _exchange(self) -> None:
        """Draw the shares of pairs of small chances anew, each pair with the sum that it has."""
        if len(self._small) < 2:  # noqa: PLR2004 - a pair
            return
        one = self.generator.integers(len(self._small), size=EXCHANGES)
        other = (one + self.generator.integers(1, len(self._small), size=EXCHANGES)) % len(self._small)
        first, second = self._small[one], self._small[other]
        parts = self.generator.beta(self._prior[first], self._prior[second])
        bounds = -self.generator.standard_exponential(EXCHANGES)
        likely = self._likelihood @ self._shares
        with np.errstate(divide="ignore", invalid="ignore"):  # a share of 0 may make counts impossible: it is refused
            for i, j, part, bound in zip(first, second, parts, bounds, strict=True):
                both = self._shares[i] + self._shares[j]
                new = likely + (part * both - self._shares[i]) * (self._likelihood[:, i] - self._likelihood[:, j])
                if self._problems @ np.log(new / likely) > bound:
                    self._shares[i], self._shares[j], likely = part * both, both - part * both, new


class _Part:
    """Groups of problems of which each takes its chance from a few neighbouring ones."""

    def __init__(self, likelihood: Floats, problems: Integers) -> None:
        there = likelihood > NEGLIGIBLE
        first, chances = there.argmax(axis=1), likelihood.shape[1]
        width = int((chances - there[:, ::-1].argmax(axis=1) - first).max())
        self._columns = np.minimum(first, chances - width)[:, None] + np.arange(width)
        self._likelihood = np.take_along_axis(likelihood, self._columns, axis=1)
        self._problems, self._chances = problems, chances

    def draw(self, generator: np.random.Generator, shares: Floats) -> tuple[Integers, Floats]:
        """Return how many problems of each group are given each of its chances, and with what probability one is."""
        chances = self._likelihood * shares[self._columns]
        chances /= chances.sum(axis=1, keepdims=True)
        return generator.multinomial(self._problems, chances), chances

    def total(self, generator: np.random.Generator, shares: Floats) -> Integers:
        """Return how many problems are given each chance, [chances]."""
        given, _ = self.draw(generator, shares)
        return np.bincount(self._columns.ravel(), given.ravel(), self._chances).astype(np.int64)


def _by_width(likelihood: Floats, unsolved: npt.NDArray[np.bool_]) -> list[npt.NDArray[np.bool_]]:
    """Return which groups are drawn together: the unsolved ones, and the others by how many chances they may have."""
    width = np.searchsorted(NARROW, (likelihood > NEGLIGIBLE).sum(axis=1))
    return [unsolved, *(rows for one in range(len(NARROW) + 1) if (rows := (width == one) & ~unsolved).any())]


def _prior(most: int, median: int) -> tuple[Floats, Floats]:
    """Return the log-odds of the grid's chances, and the prior's weights: that of p = 0, then theirs.

    `most` is the largest n of a problem, and `median` the median.
    """
    span = HIGHEST + float(np.log(LOWEST * most))
    odds: Floats = HIGHEST - STEP * np.arange(int(np.ceil(span / STEP)) + 1, dtype=np.float64)
    weights: Floats = DENSITY * STEP * np.exp(np.minimum(odds + float(np.log(median)), 0) / 2)
    return odds, np.append(NEVER, weights)


def _likelihood(n: Integers, c: Integers, odds: Floats) -> Floats:
    """Return the likelihood of each group's counts, [groups, 1 + odds], over the largest one of the group."""
    logs = -c[:, None] * np.logaddexp(0, -odds) - (n - c)[:, None] * np.logaddexp(0, odds)
    logs = np.hstack([np.where(c == 0, 0.0, -np.inf)[:, None], logs])
    return np.exp(logs - logs.max(axis=1, keepdims=True))
