"""The power law of -log pass@k: its line and its interval, against slow ways to find them and against known laws."""

import math
import random
from fractions import Fraction

import numpy as np
import pytest

KS = [1, 2, 4, 8, 16, 32, 64]


def law(tallied, counts, ks=None):
    return tallied.answered("power_law", tallied.connection({"a": tallied.of(counts)}), runs=["a"], verifier="v", ks=ks)


def drawn(chances, n, seed):
    return [(n, int(c)) for c in np.random.default_rng(seed).binomial(n, chances)]


def slope(oracles, counts, ks):
    """The exponent and scale of the line through the exact values."""
    points = []
    for k in ks:
        mean = sum((Fraction(oracles.pass_at_k(n, c, k)) for n, c in counts), Fraction(0)) / len(counts)
        if 0 < mean < 1:
            points.append((math.log(k), math.log(-math.log(mean))))
    if len(points) < 3:
        return None
    fell, height = np.polyfit(*zip(*points, strict=True), 1)
    return -fell, math.exp(height)


@pytest.mark.parametrize("seed", range(3))
def test_the_line_is_that_of_least_squares_through_the_logarithms(oracles, tallied, seed):
    counts = drawn(np.random.default_rng(seed).beta(0.4, 1.5, 30), 64, seed)
    exponent, scale = slope(oracles, counts, KS)
    rows = law(tallied, counts)
    assert [row["k"] for row in rows] == KS
    for row in rows:
        exact = float(sum((Fraction(oracles.pass_at_k(n, c, row["k"])) for n, c in counts), Fraction(0)) / len(counts))
        assert row["pass_at_k"] == pytest.approx(exact, abs=1e-12)
        assert row["minus_log"] == pytest.approx(-math.log(exact), rel=1e-9)
        assert row["exponent"] == pytest.approx(exponent, rel=1e-9)
        assert row["scale"] == pytest.approx(scale, rel=1e-9)
        assert row["fit"] == pytest.approx(scale * row["k"] ** -exponent, rel=1e-9)
    off = max(abs(row["pass_at_k"] - math.exp(-row["fit"])) for row in rows)
    assert [row["misfit"] for row in rows] == pytest.approx([off] * len(rows))


def test_the_interval_is_the_spread_of_the_exponent_when_problems_are_drawn_again(oracles, tallied):
    counts = drawn(np.random.default_rng(7).beta(0.4, 1.5, 40), 16, 7)
    dice = random.Random(3)
    exponents = sorted(slope(oracles, dice.choices(counts, k=len(counts)), KS[:5])[0] for _ in range(1000))
    row = law(tallied, counts)[0]
    width = exponents[974] - exponents[25]
    assert row["low"] == pytest.approx(exponents[25], abs=0.1 * width)
    assert row["high"] == pytest.approx(exponents[974], abs=0.1 * width)
    assert row["low"] < row["exponent"] < row["high"]


@pytest.mark.heavy
def test_the_interval_holds_the_exponent_of_the_population(tallied):
    a, b, ks = 0.5, 2.0, np.array(KS)
    wrong = [math.lgamma(b + k) + math.lgamma(a + b) - math.lgamma(b) - math.lgamma(a + b + k) for k in KS]
    truth = -np.polyfit(np.log(ks), np.log(-np.log1p(-np.exp(wrong))), 1)[0]
    rng = np.random.default_rng(11)
    held = 0
    for seed in range(60):
        row = law(tallied, drawn(rng.beta(a, b, 200), 64, seed))[0]
        held += row["low"] <= truth <= row["high"]
    assert held >= 52  # of 60 at 95 %, fewer in one draw of 200


def test_the_exponent_of_many_samples_is_the_power_of_the_chances_near_zero(tallied):
    b = 0.5  # density p^(b-1) near 0: counts at the quantiles of Beta(b, 1) are those of uniform^(1/b)
    n = 1 << 20
    chances = ((np.arange(4000) + 0.5) / 4000) ** (1 / b)
    row = law(tallied, [(n, round(n * float(p))) for p in chances], ks=[64, 128, 256, 512])[0]
    assert row["exponent"] == pytest.approx(b, abs=0.05)


@pytest.mark.parametrize(
    ("counts", "known"),
    [
        ([(4, 0), (4, 0)], False),  # nothing is solved
        ([(4, 4), (4, 4)], False),  # all is solved
        ([(2, 1), (2, 0)], False),  # two k are no line
        ([(8, 1)], True),
    ],
)
def test_without_three_points_there_is_no_exponent_and_with_one_problem_no_interval(tallied, counts, known):
    rows = law(tallied, counts)
    assert rows
    for row in rows:
        names = ("fit", "exponent", "scale", "misfit")
        assert [row[name] is not None for name in names] == [known] * 4
        assert row["low"] is row["high"] is None
        assert (row["minus_log"] is None) == (row["pass_at_k"] == 0)
