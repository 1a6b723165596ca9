"""How far a scorer may be from the log-probs that its model stored itself. No query.

The bounds are of the mean |difference| of a token's log-prob, and of the mismatch KL. Both have to hold. Two float32
computations differ by some 1e-5. In bfloat16 a mean of .03 and a KL of 1e-3 are usual. Another prompt, an offset by one
token, or processed log-probs in place of raw ones give a multiple of this.
"""

from typing import NamedTuple


class Bounds(NamedTuple):
    """The largest mean |difference| of a token, and the largest mismatch KL."""

    mean: float
    kl: float


BOUNDS = {"float32": Bounds(1e-3, 1e-5), "float64": Bounds(1e-3, 1e-5)}
COARSE = Bounds(0.06, 5e-3)  # of bfloat16, float16 and quantised weights


def bounds(dtype: str | None) -> Bounds:
    """Return the bounds for a dtype; None is an unknown one."""
    return BOUNDS.get(dtype or "", COARSE)


def within(dtype: str | None, mean: float, kl: float) -> bool:
    """Return whether a parity check holds. NaN does not."""
    most = bounds(dtype)
    return mean <= most.mean and kl <= most.kl
