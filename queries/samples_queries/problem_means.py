"""Means over problems of means over their samples, with intervals. No query.

The interval is of other problems of this kind: the spread of the problems' own means holds that of problems and that
of samples. It is Student's t with one degree of freedom less than there are problems. One problem has none.
"""

from math import fsum, sqrt
from typing import NamedTuple

import numpy as np

from samples_queries.chances import Floats
from samples_queries.quantiles import student_quantile

LEVEL = 0.95
_SEVERAL = 2  # problems that vary


class Estimate(NamedTuple):
    """A mean over problems and the ends of its interval; None where it is not known."""

    value: float | None
    low: float | None = None
    high: float | None = None


def mean_of(values: Floats) -> Estimate:
    """Return the mean of the problems' values, [problems]."""
    return ratio_of(values, np.ones(len(values)))


def ratio_of(numerators: Floats, denominators: Floats) -> Estimate:
    """Return the mean of the numerators divided by the mean of the denominators, [problems] each.

    The interval is that of the ratio's first-order error: the mean of (numerator - ratio * denominator) over the
    problems, divided by the mean denominator (Cochran 1977, Sampling Techniques, chapter 6).
    """
    count, total = len(numerators), fsum(denominators)
    if not count or not total:
        return Estimate(None)
    ratio = fsum(numerators) / total
    if count < _SEVERAL:
        return Estimate(ratio)
    errors = numerators - ratio * denominators
    spread = sqrt(fsum(errors * errors) / (count - 1) / count) / (total / count)
    reach = float(student_quantile(np.array([count - 1.0]), (1 + LEVEL) / 2)[0]) * spread
    return Estimate(ratio, ratio - reach, ratio + reach)
