"""Intervals of the kind "these": how far a mean is from that of the same problems sampled without end. No query.

The truth is the mean over these problems of 1 - (1 - p)^k, with p the chance of a correct sample. Each problem's
estimate is unbiased, and errs because it stands on n samples only. How much it errs depends on p: not at all for p of 0
or 1, most where (1 - p)^k is near a half. The counts of a single problem do not tell its p well, and at k near n they
do not tell the error at all (the unbiased estimate of a squared chance needs n >= 2k). The counts of all problems do.
So the distribution of p over problems is fitted to them: any distribution, on a grid, by expectation maximisation
(Laird 1978, Journal of the American Statistical Association 73:805). One pseudo-problem, spread as Jeffreys' prior, is
added to the problems. It leaves some error where all problems look alike. The squared error of the mean follows from
the fitted distribution. The interval is Student's t, with degrees of freedom after Satterthwaite (1946, Biometrics
Bulletin 2:110): few when the error comes from few problems.
"""

from collections.abc import Iterator
from math import lgamma
from typing import NamedTuple

import numpy as np

from samples_queries.chances import Floats, Integers, all_wrong
from samples_queries.intervals import Error

_ROUNDS = 200  # of expectation maximisation: more change no interval by a hundredth
_FINEST = 2.0  # grid points per standard deviation of c / n, on the arcsine scale
_FEWEST = 60  # grid points
_PSEUDO = 1.0  # problems
_LEAST = 4.0  # degrees of freedom


class Noise(NamedTuple):
    """What a rerun would change in a mean: its variance, and the degrees of freedom of that, [ks] each."""

    variance: Floats
    degrees: Floats

    def of(self, mean: Floats) -> Error:
        """Return the interval's parts around a mean."""
        return Error(mean, np.sqrt(self.variance), self.degrees)

    def and_of(self, other: "Noise") -> "Noise":
        """Return the noise of a difference or sum of two means that are sampled apart."""
        total = self.variance + other.variance
        parts = self.variance**2 / self.degrees + other.variance**2 / other.degrees
        alone = parts <= 0
        return Noise(total, np.where(alone, self.degrees, total**2 / np.where(alone, 1.0, parts)))


class Reruns:
    """The distribution of p over the problems of a run, and the errors that follow from it."""

    def __init__(self, n: Integers, c: Integers, problems: Integers) -> None:
        """Fit the distribution to groups of `problems` with c of n samples correct, [groups] each."""
        points = max(_FEWEST, int(_FINEST * np.pi * np.sqrt(n.max(initial=1))))
        self._p = np.sin(np.linspace(0, np.pi / 2, points)) ** 2
        self._p[-1] = 1.0
        self._sizes, self._which = np.unique(n, return_inverse=True)
        self._shares = np.full(points, 1 / points)
        counts, place = np.unique(np.stack([n, c], axis=1), axis=0, return_inverse=True)
        times = np.bincount(place.ravel(), weights=problems)
        likely = _binomial(counts[:, 0], counts[:, 1], self._p)
        total = problems.sum() + _PSEUDO
        for _ in range(_ROUNDS):
            weights = times / np.maximum(likely @ self._shares, np.finfo(float).tiny)
            self._shares = (self._shares * (weights @ likely) + _PSEUDO / points) / total

    def noise(self, ks: Integers, problems: Integers, reach: Integers, at: Integers | None = None) -> Noise:
        """Return the noise of the mean pass@k over the problems that reach each k.

        Args:
            ks: ascending.
            problems: [groups], as the distribution was fitted to.
            reach: [groups], the largest k at which a group counts.
            at: [ks], the k that a group must reach to count at each of the ks; the ks themselves when left out.
        """
        counts = self._counts(problems, reach, ks if at is None else at)
        total, second = np.zeros((2, counts.shape[1]))
        for size, count in zip(self._sizes.tolist(), counts, strict=True):
            squares = [self._squares(wrong, block, chances) for block, wrong, chances in self._tables(size, ks)]
            first, fourth = np.concatenate(squares, axis=1)
            total += count * first
            second += count * fourth
        several = np.maximum(counts.sum(axis=0), 1)
        degrees = 2 * total**2 / np.where(second > 0, second, 1.0)
        return Noise(total / several**2, np.maximum(degrees, _LEAST))

    def _tables(self, size: int, ks: Integers) -> Iterator[tuple[Integers, Floats, Floats]]:
        """Yield blocks of ks; the chance that k of n are wrong, [n + 1, ks]; the chance of each c, [p, n + 1]."""
        n, c = np.full(size + 1, size), np.arange(size + 1)
        chances = _binomial(n, c, self._p).T
        for block, wrong in all_wrong(n, c, ks):
            yield block, np.nan_to_num(wrong), chances

    def _squares(self, wrong: Floats, ks: Integers, chances: Floats) -> Floats:
        """Return the mean squared error of a problem's estimate, and its mean square over problems, [2, ks]."""
        squares = np.maximum(chances @ wrong**2 - (1 - self._p)[:, None] ** (2 * ks), 0.0)
        return np.stack([self._shares @ squares, self._shares @ squares**2])

    def covariance(self, ks: Integers, problems: Integers, reach: Integers) -> Floats:
        """Return the covariance of the errors of the means at different ks, [ks, ks]. It takes what `noise` takes."""
        counts = self._counts(problems, reach, ks)
        found = np.zeros((len(ks), len(ks)))
        powers = (1 - self._p)[:, None] ** ks
        for size, count in zip(self._sizes.tolist(), counts, strict=True):
            tables = list(self._tables(size, ks))
            wrong, chances = np.concatenate([table for _, table, _ in tables], axis=1), self._shares @ tables[0][2]
            one = (wrong.T * chances) @ wrong - (powers.T * self._shares) @ powers
            found += np.minimum.outer(count, count) * one
        several = np.maximum(counts.sum(axis=0), 1)
        return found / np.outer(several, several)

    def _counts(self, problems: Integers, reach: Integers, at: Integers) -> Floats:
        """Return how many problems of each n count at each k, [sizes, ks]."""
        found = np.zeros((len(self._sizes), len(at)))
        np.add.at(found, self._which.ravel(), problems[:, None] * (reach[:, None] >= at))
        return found


def _binomial(n: Integers, c: Integers, p: Floats) -> Floats:
    """Return the chances of c correct samples of n, [groups, p]."""
    logs = np.array([lgamma(number + 1) for number in range(int(n.max(initial=0)) + 1)])
    tiny = np.finfo(float).tiny
    ways = (logs[n] - logs[c] - logs[n - c])[:, None]
    return np.exp(ways + c[:, None] * np.log(np.maximum(p, tiny)) + (n - c)[:, None] * np.log(np.maximum(1 - p, tiny)))
