"""Quantiles of the beta distribution and of Student's t. No query.

SciPy has both, but importing it takes longer than a query of a small lake. The density of the log-odds of a beta
variable is smooth for all parameters: it has one peak, and falls off exponentially on both sides. Gauss's rule
integrates it piece by piece, without a gamma function. For parameters from 0.5 to 10^8 the error is below a millionth
of the distribution's spread. Below 10^6 it is much smaller.
"""

from collections.abc import Callable

import numpy as np

from samples_queries.chances import Floats

PIECES = 16  # of the integral; they are shorter near the peak
# Gauss's rule with eight nodes in each piece: the positive half of [-1, 1] (Abramowitz and Stegun 1964, table 25.4).
NODES = np.array([0.1834346424956498, 0.5255324099163290, 0.7966664774136267, 0.9602898564975363])
WEIGHTS = np.array([0.3626837833783620, 0.3137066458778873, 0.2223810344533745, 0.1012285362903763])
DEPTH = 45.0  # the density is taken as 0 where its logarithm is so far below the peak's: a factor of 1e-20
STEPS = 60  # halving an interval so often leaves nothing of it
CLOSE = 1e-10  # after a Newton step this small, the error is far smaller than the step


def beta_quantiles(alpha: Floats, beta: Floats, levels: list[float]) -> Floats:
    """Return the quantiles of Beta(alpha, beta) at these levels, [levels, parameters]."""
    nodes = (np.concatenate([1 - NODES, 1 + NODES]) / 2)[:, None]  # in [0, 1]
    weights = (np.concatenate([WEIGHTS, WEIGHTS]) / 2)[:, None]
    peak = np.log(alpha / beta)
    top = _log_density(alpha, beta, peak)

    def density(at: Floats) -> Floats:
        return np.exp(_log_density(alpha, beta, at) - top)

    def mass(left: Floats, width: Floats) -> Floats:
        return (weights * density(left + width * nodes)).sum(axis=0) * width

    # At these distances the density is surely below DEPTH: far out, its logarithm falls with slopes alpha and beta.
    far_left = (DEPTH + (alpha + beta) * np.log1p(alpha / beta)) / alpha
    far_right = (DEPTH + (alpha + beta) * np.log1p(beta / alpha)) / beta

    def steepness(at: Floats) -> Floats:
        return np.abs(alpha - (alpha + beta) / (1 + np.exp(-at)))

    start = _solved(lambda at: _log_density(alpha, beta, at) - top + DEPTH, peak - far_left, peak, steepness)
    end = _solved(lambda at: top - DEPTH - _log_density(alpha, beta, at), peak, peak + far_right, steepness)
    way = np.linspace(-1, 1, PIECES + 1)[:, None]
    edges = peak + way**2 * np.where(way < 0, start - peak, end - peak)
    widths = np.diff(edges, axis=0)
    sums = np.cumsum([mass(left, width) for left, width in zip(edges, widths, strict=False)], axis=0)
    found: list[Floats] = []
    for level in levels:
        wanted = level * sums[-1]
        piece = (sums[:-1] < wanted).sum(axis=0)
        before = np.take_along_axis(np.concatenate([np.zeros_like(sums[:1]), sums]), piece[None], axis=0)[0]
        left, width = (np.take_along_axis(some, piece[None], axis=0)[0] for some in (edges, widths))

        def missing(at: Floats, left: Floats = left, rest: Floats = wanted - before) -> Floats:
            return mass(left, at - left) - rest

        found.append(1 / (1 + np.exp(-_solved(missing, left, left + width, density))))
    return np.stack(found)


def _log_density(alpha: Floats, beta: Floats, at: Floats) -> Floats:
    """Return the logarithm of the density of a beta variable's log-odds, without its constant."""
    below = np.minimum(at, 0) - np.log(1 + np.exp(-np.abs(at)))
    return alpha * below + beta * (below - at)


def _solved(rising: Callable[[Floats], Floats], low: Floats, high: Floats, slope: Callable[[Floats], Floats]) -> Floats:
    """Find the zero of a rising function between two ends: by Newton steps, or by halving when a step leaves them."""
    at = (low + high) / 2
    for _ in range(STEPS):
        value = rising(at)
        low, high = np.where(value < 0, at, low), np.where(value < 0, high, at)
        guess = at - value / slope(at)
        new = np.where((low <= guess) & (guess <= high), guess, (low + high) / 2)
        if np.all(np.abs(new - at) <= CLOSE * (1 + np.abs(at))):
            return new
        at = new
    return at


def student_quantile(degrees: Floats, level: float) -> Floats:
    """Return the quantile of Student's t at a level above 0.5, [degrees]; NaN for 0 degrees of freedom."""
    there = np.where(degrees > 0, degrees, np.nan)
    square = beta_quantiles(np.full_like(degrees, 0.5), np.maximum(degrees, 1) / 2, [2 * level - 1])[0]
    return np.sqrt(there * square / (1 - square))
