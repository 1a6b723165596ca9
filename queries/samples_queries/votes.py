"""Chance that a vote among k samples, drawn without replacement, elects a correct answer; no query.

Exact up to rounding, for any number of answers. The vote is won with j votes, by one of the answers that have exactly j
while no other has more; a tie among t is worth 1/t to each. For one j the ways to draw are the product, over answers of
v samples, of the polynomials sum over x < j of C(v, x) z^x + y C(v, j) z^j, of which the power of z counts the samples
drawn and that of y the other answers with j votes: as 1/t is the integral of y^(t-1) from 0 to 1, integrating over y
shares the ties. Three things make it quick and lose nothing that a float holds:

- Gauss-Legendre nodes integrate these polynomials in y exactly: half as many as there can be ties.
- Weights C(v, x) p^x (1-p)^(v-x) with p near k/n instead of C(v, x) make the power k of z about the likeliest one, so
  that it is read off from values of z on the unit circle; some 9 standard deviations of the number drawn are enough.
- What has a chance below 1e-20 is left out: numbers of votes that the leading answer is sure to pass, or no correct
  answer can reach.

Time grows with the levels j that remain, times the ties possible at them, times the numbers v of votes that differ,
times the points z. All four stay far below k: with n = 1000 samples, one problem and one k take some 1-10 ms, and 0.1 s
at the worst k of a long tail of answers (Zipf's law); ten times n takes some ten times as long.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from math import prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # imported when used: half of a second's start
    import numpy as np
    import numpy.typing as npt

_CELLS = 1 << 16  # complex numbers worked on at a time: a megabyte, which stays in the processor's cache
_PER_SECOND, _OVERHEAD = 3e6, 1e-3  # of these numbers, each worked on a few times; seconds per block of them, measured
_NEWTON_STEPS = 5  # from a start within 1/nodes^2: each doubles the digits
_NOTHING = 1e-20  # chances below are left out: a thousand of them are still below what a float of 1 can tell


@dataclass(frozen=True)
class Ballot:
    """The answers to one problem, by how many samples gave them.

    `answers[i]` answers were given by `votes[i]` samples each, ascending; `credits[i]` says how many of these answers
    are correct. The rest of the `n` samples gave none.
    """

    n: int
    votes: tuple[int, ...]
    answers: tuple[int, ...]
    credits: tuple[float, ...]


def elected(ballot: Ballot, k: int) -> float:
    """Chance that the answer with the most votes among k samples is correct; k is between 1 and the ballot's n.

    Ties are shared: of t leading answers, w of them correct, it is w/t. Without a vote it is 0.
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
    """The counting of one ballot's votes at one k: about how long it takes, and its outcome."""

    def __init__(self, ballot: Ballot, k: int) -> None:
        """Lay out the work; k is between 1 and the ballot's n."""
        import numpy as np

        self._ballot, self._k = ballot, k
        self._p = (k + 0.5) / (ballot.n + 1)
        self._weights = {votes: _binomial(votes, self._p) for votes in ballot.votes}
        total = _binomial(ballot.n, self._p)
        self._drawn = total[k]
        # A value read off at N points holds the coefficients that are N, 2N, … away as well.
        away = np.bincount(np.abs(np.arange(ballot.n + 1) - k), total)
        beyond = np.append(np.cumsum(away[::-1])[::-1], 0.0)
        self._points = max(1, int(np.argmax(beyond <= _NOTHING * self._drawn)))
        self._blocks = list(self._plan())

    @property
    def seconds(self) -> float:
        """About how long the outcome takes, laying it out included, on one core of 2020."""
        kinds = [sum(votes >= levels[0] for votes in self._ballot.votes) for levels, _ in self._blocks]
        cells = [len(levels) * nodes * (self._points // 2 + 1) for levels, nodes in self._blocks]
        work = sum(few * many for few, many in zip(kinds, cells, strict=True))
        return _OVERHEAD * (1 + len(kinds)) + work / _PER_SECOND

    def outcome(self) -> float:
        """Chance that a correct answer wins, as `elected` gives it; this way works for any ballot and k."""
        found = sum(self._block(levels, nodes) for levels, nodes in self._blocks)
        return min(1.0, found / self._points / float(self._drawn))

    def _plan(self) -> Iterator[tuple[npt.NDArray[np.int64], int]]:
        """Yield blocks of levels: numbers of votes that may win, with the nodes that their ties need."""
        import numpy as np

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
        """Chances that an answer gets 0 … k votes."""
        import numpy as np

        chances = np.zeros(self._k + 1)
        given, others = self._weights[votes], _binomial(self._ballot.n - votes, self._p)
        got = np.arange(max(0, self._k - len(others) + 1), min(votes, self._k) + 1)
        chances[got] = given[got] * others[self._k - got] / self._drawn
        return chances

    def _block(self, levels: npt.NDArray[np.int64], nodes: int) -> float:
        """Chance, times points and the weight of k, that a correct answer wins with a number of votes in `levels`."""
        import numpy as np

        ballot = self._ballot
        first, last = int(levels[0]), int(levels[-1])
        turns = np.arange(self._points // 2 + 1)  # the other half of the circle is the conjugate of this one
        around = _circle(np.arange(max(last, 1) + 1)[:, None] * turns, self._points)
        y, share = _gauss_legendre(nodes)
        # Who cannot reach the first level is in nobody's way: these samples, and those without an answer, at once.
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


def _binomial(n: int, p: float) -> npt.NDArray[np.float64]:
    """Chances of 0 … n of n, each with chance p; from ratios of neighbours, outwards from the likeliest."""
    import numpy as np

    got = np.arange(n)
    likeliest = min(int((n + 1) * p), n)
    ratio = (n - got) / (got + 1) * (p / (1 - p))
    up, down = np.cumprod(ratio[likeliest:]), np.cumprod(1 / ratio[:likeliest][::-1])[::-1]
    weights = np.concatenate([down, [1.0], up])
    return weights / weights.sum()


def _circle(steps: npt.NDArray[np.int64], points: int) -> npt.NDArray[np.complex128]:
    """Places on the unit circle, so many steps of 1/points of it from 1."""
    import numpy as np

    return np.exp(2j * np.pi / points * (steps % points)).astype(np.complex128)


def _power(base: npt.NDArray[np.complex128], exponent: int) -> npt.NDArray[np.complex128]:
    """Whole powers by squaring: numpy's own take logarithms above 100."""
    import numpy as np

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
    """Nodes between 0 and 1 and their weights: exact for polynomials up to degree 2 nodes - 1.

    The zeros of the Legendre polynomial by Newton's method; scipy's own lose four digits above 150 nodes.
    """
    import numpy as np

    at = np.cos(np.pi * (np.arange(nodes) + 0.75) / (nodes + 0.5))
    slope = np.ones_like(at)
    for _ in range(_NEWTON_STEPS):
        before, value = np.zeros_like(at), np.ones_like(at)
        for degree in range(nodes):
            before, value = value, ((2 * degree + 1) * at * value - degree * before) / (degree + 1)
        slope = nodes * (at * value - before) / (at * at - 1)
        at = at - value / slope
    return (at + 1) / 2, 1 / ((1 - at * at) * slope * slope)
