"""The chance that a vote among k samples, drawn without replacement, elects a correct answer. No query.

The chance is exact up to rounding, for any number of answers. An answer wins with j votes when it has exactly j and no
other answer has more. Each of t tied answers wins with chance 1/t. For one j, the ways to draw the samples are the
coefficients of a product of polynomials in z and y. An answer that v samples gave contributes the polynomial

    sum over x < j of C(v, x) z^x, plus y C(v, j) z^j.

The power of z counts the samples drawn. The power of y counts the other answers with j votes. The integral of y^(t-1)
from 0 to 1 is 1/t, so that integrating over y shares the ties. Three things make this quick without losing digits:

- Gauss-Legendre nodes integrate the polynomials in y exactly. Half as many nodes as possible ties are enough.
- Weights C(v, x) p^x (1-p)^(v-x), with p near k/n, replace C(v, x). They make the power k of z the likeliest one, so
  that its coefficient follows from values of z on the unit circle. The number of values is about 9 standard deviations
  of the number of samples drawn.
- A number of votes j is left out when its chance is below 1e-20: when the leading answer surely has more, or when no
  correct answer can reach j.

The time is the product of four numbers: the levels j that remain, the ties possible at them, the different numbers of
votes v, and the points z. All are far below k. With n = 1000 samples, one problem at one k takes 1-10 ms, and 0.1 s at
the worst k of a long tail of answers (Zipf's law). With ten times as many samples it takes about ten times as long.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from math import prod

import numpy as np
import numpy.typing as npt

from samples_queries.chances import binomial

_CELLS = 1 << 16  # complex numbers in a block: a megabyte, which fits the processor's cache
_PER_SECOND, _OVERHEAD = 3e6, 1e-3  # such numbers a second, and seconds per block; both measured
_NEWTON_STEPS = 5  # the start is within 1/nodes^2, and each step doubles the digits
_NOTHING = 1e-20  # smaller chances are left out: even a thousand of them do not change a float near 1


@dataclass(frozen=True)
class Ballot:
    """The answers to one problem, grouped by the number of samples that gave them.

    `answers[i]` answers have `votes[i]` samples each, and `credits[i]` of these answers are correct. `votes` is
    ascending. The rest of the `n` samples gave no answer.
    """

    n: int
    votes: tuple[int, ...]
    answers: tuple[int, ...]
    credits: tuple[float, ...]


def elected(ballot: Ballot, k: int) -> float:
    """Return the chance that the answer with the most votes among k samples is correct, for k from 1 to the ballot's n.

    Ties are shared: when w of t leading answers are correct, the chance is w/t. Without a vote it is 0.
    """
    if not any(ballot.credits):
        return 0.0
    if k == 1:
        return sum(credit * votes for credit, votes in zip(ballot.credits, ballot.votes, strict=True)) / ballot.n
    if k == ballot.n:
        return ballot.credits[-1] / ballot.answers[-1]
    if all(credit == answers for credit, answers in zip(ballot.credits, ballot.answers, strict=True)):
        return 1 - _nobody_votes(ballot, k)
    return Count(ballot, k).outcome()


def _nobody_votes(ballot: Ballot, k: int) -> float:
    silent = ballot.n - sum(votes * answers for votes, answers in zip(ballot.votes, ballot.answers, strict=True))
    return prod(max(silent - drawn, 0) / (ballot.n - drawn) for drawn in range(k))


class Count:
    """Count one ballot's votes at one k: first plan the work, which tells how long it takes, then do it."""

    def __init__(self, ballot: Ballot, k: int) -> None:
        """Plan the work, for k from 1 to the ballot's n."""
        self._ballot, self._k = ballot, k
        self._p = (k + 0.5) / (ballot.n + 1)
        self._weights = {votes: binomial(votes, self._p) for votes in ballot.votes}
        total = binomial(ballot.n, self._p)
        self._drawn = total[k]
        # With N points, a coefficient also contains those that are N, 2N, … away from it.
        away = np.bincount(np.abs(np.arange(ballot.n + 1) - k), total)
        beyond = np.append(np.cumsum(away[::-1])[::-1], 0.0)
        self._points = max(1, int(np.argmax(beyond <= _NOTHING * self._drawn)))
        self._blocks = list(self._plan())

    @property
    def seconds(self) -> float:
        """Estimate the seconds that plan and outcome take on one core of 2020."""
        kinds = [sum(votes >= levels[0] for votes in self._ballot.votes) for levels, _ in self._blocks]
        cells = [len(levels) * nodes * (self._points // 2 + 1) for levels, nodes in self._blocks]
        work = sum(few * many for few, many in zip(kinds, cells, strict=True))
        return _OVERHEAD * (1 + len(kinds)) + work / _PER_SECOND

    def outcome(self) -> float:
        """Return the chance of `elected`. This way works for any ballot and k."""
        found = sum(self._block(levels, nodes) for levels, nodes in self._blocks)
        return min(1.0, found / self._points / float(self._drawn))

    def _plan(self) -> Iterator[tuple[npt.NDArray[np.int64], int]]:
        """Yield blocks of levels, the numbers of votes that may win, and how many nodes their ties need."""
        ballot, k = self._ballot, self._k
        credited = [votes for votes, credit in zip(ballot.votes, ballot.credits, strict=True) if credit > 0]
        if not credited:
            return
        levels = np.arange(1, min(k, credited[-1]) + 1)
        leader = np.cumsum(self._hypergeometric(ballot.votes[-1]))[levels]
        reached = np.zeros(len(levels))
        for votes, credit in zip(ballot.votes, ballot.credits, strict=True):
            reached += credit * self._hypergeometric(votes)[levels]
        levels = levels[np.minimum(leader, reached) > _NOTHING]
        at_least = np.cumsum(ballot.answers[::-1])[::-1]
        able = at_least[np.searchsorted(ballot.votes, levels)]
        nodes = (np.minimum(able, k // levels) - 1) // 2 + 1
        for count in np.unique(nodes):
            alike = levels[nodes == count]
            step = max(1, _CELLS // (int(count) * (self._points // 2 + 1)))
            for start in range(0, len(alike), step):
                yield alike[start : start + step], int(count)

    def _hypergeometric(self, votes: int) -> npt.NDArray[np.float64]:
        """Return the chances that an answer of so many samples gets 0, 1, … k votes."""
        chances = np.zeros(self._k + 1)
        given, others = self._weights[votes], binomial(self._ballot.n - votes, self._p)
        got = np.arange(max(0, self._k - len(others) + 1), min(votes, self._k) + 1)
        chances[got] = given[got] * others[self._k - got] / self._drawn
        return chances

    def _block(self, levels: npt.NDArray[np.int64], nodes: int) -> float:
        """Return the chance that a correct answer wins at one of these levels, times the points and the weight of k."""
        ballot = self._ballot
        first, last = int(levels[0]), int(levels[-1])
        turns = np.arange(self._points // 2 + 1)  # the other half of the circle is the complex conjugate
        around = _circle(np.arange(max(last, 1) + 1)[:, None] * turns, self._points)
        y, share = _gauss_legendre(nodes)
        # Answers with fewer samples than the first level cannot win or tie. They are one factor, with the samples
        # that gave no answer.
        able = [place for place, votes in enumerate(ballot.votes) if votes >= first]
        rest = ballot.n - sum(ballot.votes[place] * ballot.answers[place] for place in able)
        others = np.broadcast_to(_power(1 - self._p + self._p * around[1], rest), (len(levels), nodes, len(turns)))
        won = np.zeros_like(others)
        for place in able:
            weights = np.zeros(last + 1)
            weights[: ballot.votes[place] + 1] = self._weights[ballot.votes[place]][: last + 1]
            below = np.empty((last - first + 1, len(turns)), complex)
            below[0] = weights[:first] @ around[:first]
            below[1:] = below[0] + np.cumsum(weights[first:last, None] * around[first:last], axis=0)
            exactly = (weights[levels, None] * around[levels])[:, None]
            one = below[levels - first][:, None] + y[:, None] * exactly
            all_but_one = _power(one, ballot.answers[place] - 1)
            everyone = all_but_one * one
            won = won * everyone
            if ballot.credits[place]:
                won += ballot.credits[place] * others * all_but_one * exactly
            others = others * everyone
        weight = np.full(len(turns), 2.0)
        weight[turns * 2 % self._points == 0] = 1.0
        back = weight * _circle(-self._k * turns, self._points)
        return float(np.einsum("lnt,n,t->", won, share, back).real)


def _circle(steps: npt.NDArray[np.int64], points: int) -> npt.NDArray[np.complex128]:
    """Return points on the unit circle, so many steps away from 1; a step is 1/points of the circle."""
    return np.exp(2j * np.pi / points * (steps % points)).astype(np.complex128)


def _power(base: npt.NDArray[np.complex128], exponent: int) -> npt.NDArray[np.complex128]:
    """Return whole powers by squaring. Above 100, numpy's own powers use logarithms, which lose digits."""
    result = np.ones_like(base)
    while exponent:
        if exponent & 1:
            result = result * base
        exponent >>= 1
        if exponent:
            base = base * base
    return result


@cache
def _gauss_legendre(nodes: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return nodes in [0, 1] and their weights, which integrate polynomials up to degree 2 nodes - 1 exactly.

    The nodes are zeros of a Legendre polynomial, found by Newton's method. SciPy's lose four digits above 150 nodes.
    """
    at = np.cos(np.pi * (np.arange(nodes) + 0.75) / (nodes + 0.5))
    slope = np.ones_like(at)
    for _ in range(_NEWTON_STEPS):
        before, value = np.zeros_like(at), np.ones_like(at)
        for degree in range(nodes):
            before, value = value, ((2 * degree + 1) * at * value - degree * before) / (degree + 1)
        slope = nodes * (at * value - before) / (at * at - 1)
        at = at - value / slope
    return (at + 1) / 2, 1 / ((1 - at * at) * slope * slope)
