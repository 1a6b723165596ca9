"""Fit the beta-binomial distribution to counts by maximum likelihood. No query.

The chance of a correct sample differs between problems: it is Beta(alpha, beta). The likelihood may be largest when
alpha and beta go to infinity or to zero. Such limits are recognised and named. The search never runs towards them. When
problems differ in n, the likelihood may have one maximum at finite values and another at infinity. Both are compared.
"""

from dataclasses import dataclass
from math import expm1, log, log1p
from operator import itemgetter

import numpy as np

from samples_queries.chances import Floats, Integers

_SIZES = (1.0, 30.0)  # of alpha + beta where a search begins
_STEPS = 200
_ENOUGH = 1e-12  # the search ends when a step gains less than this share of the log-likelihood
_NO_MORE = 1e-9  # a gain over the limit below this share of the log-likelihood is rounding
_STIFFEST = 1e12  # at this damping no step gains anything


@dataclass(frozen=True)
class Fit:
    """A population of problems. Without alpha and beta it is a limit, with the mean chance `mean` if that is known."""

    name: str
    log_likelihood: float
    mean: float | None = None
    alpha: float | None = None
    beta: float | None = None

    def pass_at(self, k: int) -> float | None:
        """Return pass@k of the population; None when the counts say nothing about it."""
        if self.alpha is not None and self.beta is not None:
            # All k are wrong: after i wrong ones, the next is wrong with chance (beta + i) / (alpha + beta + i).
            return -expm1(np.log1p(-self.alpha / (self.alpha + self.beta + np.arange(k))).sum())
        if self.mean is None or self.mean == 1 or self.name == "all or nothing":
            return self.mean
        return -expm1(k * log1p(-self.mean))


def fitted(n: Integers, c: Integers, problems: Integers) -> Fit:
    """Return the most likely population for groups of `problems` with c of n samples correct. Every n is above 0."""
    right, drawn = int(problems @ c), int(problems @ n)
    if right == 0:
        return Fit("solved never", 0.0)
    if right == drawn:
        return Fit("solved always", 0.0, mean=1.0)
    mean = right / drawn
    alike = right * log(mean) + (drawn - right) * log1p(-mean) + _log_ways(n, c, problems)
    if n.max() == 1:
        return Fit("one sample", alike)
    if np.all((c == 0) | (c == n)):
        share = int(problems @ (c > 0)) / int(problems.sum())
        return Fit("all or nothing", int(problems.sum()) * _entropy(share), mean=share)
    climbs = [_climb(n, c, problems, np.log([mean * size, (1 - mean) * size])) for size in _SIZES]
    alpha, beta, value = max(climbs, key=itemgetter(2))
    value += _log_ways(n, c, problems)
    # Twice the slope of the log-likelihood in 1 / (alpha + beta) at 0. If it is positive, the limit is no maximum.
    slope = problems @ (c * (c - 1) / mean + (n - c) * (n - c - 1) / (1 - mean) - n * (n - 1))
    if slope <= 0 and value <= alike + _NO_MORE * abs(alike):
        return Fit("binomial", alike, mean=mean)
    return Fit("beta-binomial", value, alpha=alpha, beta=beta)


def _entropy(share: float) -> float:
    return share * log(share) + (1 - share) * log1p(-share)


def _log_ways(n: Integers, c: Integers, problems: Integers) -> float:
    """Return the log of the number of orders of correct and wrong samples that give these counts."""
    logs = np.append(0.0, np.cumsum(np.log(np.arange(1, n.max() + 1))))
    return float(problems @ (logs[n] - logs[c] - logs[n - c]))


def _climb(n: Integers, c: Integers, problems: Integers, point: Floats) -> tuple[float, float, float]:
    """Climb from a point to a maximum. Return its alpha, its beta, and its log-likelihood without `_log_ways`.

    The point is log alpha and log beta. The steps are Newton's, damped until one goes up (Levenberg and Marquardt).
    """
    # How many problems have more than i correct samples, wrong samples, samples: the powers of the factors alpha + i,
    # beta + i and alpha + beta + i in the likelihood.
    right, wrong, drawn = _more(c, problems), _more(n - c, problems), _more(n, problems)

    def value(point: Floats) -> float:
        alpha, beta = np.exp(point)
        return float(
            right @ np.log(alpha + np.arange(len(right)))
            + wrong @ np.log(beta + np.arange(len(wrong)))
            - drawn @ np.log(alpha + beta + np.arange(len(drawn)))
        )

    def slopes(point: Floats) -> tuple[Floats, Floats]:
        both = np.exp(point)
        of_right, of_wrong = both[0] + np.arange(len(right)), both[1] + np.arange(len(wrong))
        of_drawn = both.sum() + np.arange(len(drawn))
        first = np.array([right @ (1 / of_right), wrong @ (1 / of_wrong)]) - drawn @ (1 / of_drawn)
        second = drawn @ of_drawn**-2.0 - np.diag([right @ of_right**-2.0, wrong @ of_wrong**-2.0])
        return both * first, np.outer(both, both) * second + np.diag(both * first)

    reached, damping = value(point), 1e-3
    for _ in range(_STEPS):
        slope, curvature = slopes(point)
        steepest, axes = np.linalg.eigh(-curvature)
        while damping < _STIFFEST:
            # The absolute curvature plus a ridge: the step goes uphill whatever the curvature's signs.
            step = axes @ ((axes.T @ slope) / (np.abs(steepest) + damping * np.abs(steepest).max()))
            there = value(point + np.clip(step, -2.0, 2.0))
            if there >= reached:
                break
            damping *= 8
        else:
            break
        gained, point, reached = there - reached, point + np.clip(step, -2.0, 2.0), there
        damping /= 8
        if gained <= _ENOUGH * abs(reached):
            break
    alpha, beta = map(float, np.exp(point))
    return alpha, beta, reached


def _more(counts: Integers, problems: Integers) -> Floats:
    """Return how many problems have a count above i, for each i from 0 on."""
    there = np.bincount(counts, weights=problems)
    return there[::-1].cumsum()[::-1][1:]
