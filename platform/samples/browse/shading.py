"""Shade tokens by how likely they were: classes for the style sheet, and words for the legend.

Each shade has a line of its own under the text, so that it is told apart without colour.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

_PROBABLE = ((0.9, "s0"), (0.5, "s1"), (0.1, "s2"), (0.01, "s3"), (0.001, "s4"), (0.0, "s5"))
_APART = ((0.1, 0), (0.5, 1), (1.0, 2), (2.0, 3), (math.inf, 4))  # nats


class Shade(NamedTuple):
    """One shade of the legend: its class and its meaning."""

    name: str
    meaning: str


PROBABILITY = (
    Shade("s0", "0.9 or more"), Shade("s1", "0.5 to 0.9"), Shade("s2", "0.1 to 0.5"), Shade("s3", "0.01 to 0.1"),
    Shade("s4", "0.001 to 0.01"), Shade("s5", "below 0.001"),
)  # fmt: skip
DIFFERENCE = (
    Shade("m4", "less likely by 2 nats or more"), Shade("m3", "by 1 to 2"), Shade("m2", "by 0.5 to 1"),
    Shade("m1", "by 0.1 to 0.5"), Shade("d0", "equal within 0.1"), Shade("p1", "likelier by 0.1 to 0.5"),
    Shade("p2", "by 0.5 to 1"), Shade("p3", "by 1 to 2"), Shade("p4", "by 2 or more"),
)  # fmt: skip


def by_probability(logprob: float) -> str:
    """Return the class of a token with this log-prob."""
    if math.isnan(logprob):
        return "odd"
    chance = math.exp(min(logprob, 0.0))
    return next(name for least, name in _PROBABLE if chance >= least)


def by_difference(scorer: float, own: float) -> str:
    """Return the class of a token that a scorer finds likelier (p) or less likely (m) than the model that drew it."""
    apart = scorer - own
    if not math.isfinite(apart):
        return "odd"
    step = next(step for most, step in _APART if abs(apart) < most)
    return "d0" if step == 0 else f"{'p' if apart > 0 else 'm'}{step}"


def joint(logprobs: Sequence[float]) -> float:
    """Return the mean log-prob of the tokens that share a character."""
    return sum(logprobs) / len(logprobs)
