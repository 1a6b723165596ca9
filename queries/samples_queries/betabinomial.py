"""The beta-binomial distribution fitted to counts by maximum likelihood; no query.

A problem's chance of a correct sample is Beta(alpha, beta) over problems. The likelihood may be largest at infinite or
zero alpha and beta: such limits are recognised and named, never approached by a search that stops somewhere. Where
problems differ in n it may have a maximum at finite values and another at infinite ones, so that both are looked at.
"""

from dataclasses import dataclass
from math import expm1, log, log1p
from operator import itemgetter

import numpy as np

from samples_queries.chances import Floats, Integers

_SIZES = (1.0, 30.0)  # alpha + beta where searches begin
_STEPS = 200
_ENOUGH = 1e-12  # of the log-likelihood: a step that gains less is the last
_NO_MORE = 1e-9  # of the log-likelihood: rounding, on the way to the limit
_STIFFEST = 1e12  # of the damping: no step gains anything


@dataclass(frozen=True)
class Fit:
    """A population of problems, all with the chance `mean` of a correct sample where alpha and beta are None."""

    name: str
    log_likelihood: float
    mean: float | None = None
    alpha: float | None = None
    beta: float | None = None

    def pass_at(self, k: int) -> float | None:
        """Return pass@k of the population; None when the counts say nothing of it."""
        if self.alpha is not None and self.beta is not None:
            # All of k are wrong: after i wrong ones the next is with chance (beta + i) / (alpha + beta + i).
            return -expm1(np.log1p(-self.alpha / (self.alpha + self.beta + np.arange(k))).sum())
        if self.mean is None or self.mean == 1 or self.name == "all or nothing":
            return self.mean
        return -expm1(k * log1p(-self.mean))


def fitted(n: Integers, c: Integers, problems: Integers) -> Fit:
    """Return the most likely population: each group is so many `problems` with c of n samples correct; n is above 0."""
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
    # Twice the slope of the log-likelihood by 1 / (alpha + beta), where that is 0: up, and the limit is no maximum.
    slope = problems @ (c * (c - 1) / mean + (n - c) * (n - c - 1) / (1 - mean) - n * (n - 1))
    if slope <= 0 and value <= alike + _NO_MORE * abs(alike):
        return Fit("binomial", alike, mean=mean)
    return Fit("beta-binomial", value, alpha=alpha, beta=beta)


def _entropy(share: float) -> float:
    return share * log(share) + (1 - share) * log1p(-share)


def _log_ways(n: Integers, c: Integers, problems: Integers) -> float:
    """Return the log of how many orders of right and wrong give these counts."""
    logs = np.append(0.0, np.cumsum(np.log(np.arange(1, n.max() + 1))))
    return float(problems @ (logs[n] - logs[c] - logs[n - c]))


def _climb(n: Integers, c: Integers, problems: Integers, point: Floats) -> tuple[float, float, float]:
    """Return alpha, beta and the log-likelihood, but for `_log_ways`, of the maximum uphill of a point.

    Newton's method on the point, log alpha and log beta, damped until a step goes up (Levenberg and Marquardt).
    """
    # How many problems have more than i correct, wrong, and all samples: the likelihood's rising factors, each once.
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
            # A ridge over the curvature's own: uphill whatever its signs.
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
    """Return, for i from 0 on, how many problems have a count above i."""
    there = np.bincount(counts, weights=problems)
    return there[::-1].cumsum()[::-1][1:]
