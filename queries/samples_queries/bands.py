"""Bands: intervals that hold at all ks of an answer at once. No query.

An interval at one k alone is left by the truth in 5 % of lakes. Over many ks, some interval is left more often. A band
has intervals of a higher level. The level comes from the greatest of the normalised errors over the ks. These are taken
as normal, with the correlation that the errors at two ks have. A fixed seed draws them, so each answer is the same.
"""

from math import erf, sqrt

import numpy as np
import numpy.typing as npt

from samples_queries.chances import Floats, Integers

MOST = 100  # ks from which the level is computed: curves are smooth, so those between add next to nothing
_DRAWS = 20_000
_NOTHING = 1e-9  # of the largest error: smaller ones are rounding


def spaced(ks: Integers) -> Integers:
    """Return at most MOST of the ks, evenly spaced in their logarithms, with the first and the last."""
    wanted = np.geomspace(ks[0], ks[-1], MOST)
    return ks if len(ks) <= MOST else np.unique(ks[np.minimum(np.searchsorted(ks, wanted), len(ks) - 1)])


def deviations(values: Floats, problems: Integers) -> Floats:
    """Return the covariance over problems of values at different ks, [ks, ks].

    Args:
        values: [groups, ks]; NaN where a group has too few samples.
        problems: [groups], how many problems are in each group.
    """
    absent = np.isnan(values)
    there = problems @ ~absent
    mean = problems @ np.where(absent, 0.0, values) / np.maximum(there, 1)
    away: Floats = np.where(absent, 0.0, values - mean)
    return (away.T * problems.astype(np.float64)) @ away


def pointwise(covariance: Floats, level: float = 0.95) -> float:
    """Return the level at which intervals must hold at each k alone, so that they hold at all ks at once in `level`.

    Args:
        covariance: [ks, ks], of the errors; any factor common to all of them is left out.
        level: share of bands that should contain the truth at all ks.
    """
    variance = np.diagonal(covariance)
    varied = variance > _NOTHING**2 * max(float(variance.max(initial=0)), 0.0)
    if not varied.any():
        return level
    scale = np.sqrt(variance[varied])
    values, axes = np.linalg.eigh(covariance[np.ix_(varied, varied)] / np.outer(scale, scale))
    factor = axes * np.sqrt(np.maximum(values, 0))
    kept: npt.NDArray[np.bool_] = values > _NOTHING * values[-1]
    drawn = np.random.default_rng(0).standard_normal((_DRAWS, int(kept.sum())))
    greatest = np.abs(drawn @ factor[:, kept].T).max(axis=1)
    return erf(round(float(np.quantile(greatest, level)), 3) / sqrt(2))  # rounded: sums may differ in the last bit
