"""Intervals: they hold the truth as often as they say, stay open where little is known, and know their limits."""

from math import comb

import numpy as np
import pytest
from scipy import special, stats

from samples_queries import intervals
from samples_queries.chances import sums
from samples_queries.intervals import DIFFERENCE_METHOD, METHOD

LAKES = 1000
SIZES = (30, 100, 300)  # problems of a lake; the smaller are the first ones of the larger
# a, b and the share of problems that nobody can solve: a problem's accuracy is Beta(a, b), or 0.
POPULATIONS = {
    "two heaps": (0.3, 0.7, 0.0),
    "hard": (0.5, 3.0, 0.0),
    "middling": (2.0, 2.0, 0.0),
    "two heaps, some unsolvable": (0.3, 0.7, 0.3),
    "hard, some unsolvable": (0.5, 3.0, 0.3),
    "middling, some unsolvable": (2.0, 2.0, 0.3),
}


def mean_interval(values, weights, level=0.95):
    """Low and high end of the interval."""
    return intervals.mean_interval(sums(values, weights), level)[2:]


def difference_interval(values, weights, level=0.95):
    """Low and high end of the interval."""
    return intervals.difference_interval(sums(values, weights, intervals.POWERS), level)[2:]


def pass_table(n, k):
    """pass@k for c = 0 … n, as a product."""
    correct = np.arange(n + 1)[:, None]
    return 1 - np.prod(np.clip((n - correct - np.arange(k)) / (n - np.arange(k)), 0, 1), axis=1)


def true_pass(population, k):
    a, b, unsolvable = POPULATIONS[population]
    return (1 - unsolvable) * (1 - np.exp(special.betaln(a, b + k) - special.betaln(a, b)))


def settings(n):
    return sorted({1, 8, n // 2, n})


def coverage_of_the_mean(population, ragged, rng):
    """(problems usable, k, n, true mean, coverage) for each setting; of a ragged lake every second problem has n/2."""
    a, b, unsolvable = POPULATIONS[population]
    for n in (16, 64, 256):
        accuracy = rng.beta(a, b, (SIZES[-1], LAKES)) * (rng.random((SIZES[-1], LAKES)) >= unsolvable)
        drawn = np.where(np.arange(SIZES[-1]) % 2, n // 2 if ragged else n, n)[:, None]
        correct = rng.binomial(drawn, accuracy)
        for k in settings(n):
            values = np.full(correct.shape, np.nan)
            for size in set(drawn[:, 0]) - set(range(k)):
                rows = drawn[:, 0] == size
                values[rows] = pass_table(size, k)[correct[rows]]
            truth = true_pass(population, k)
            for problems in SIZES:
                low, high = mean_interval(values[:problems], np.ones(problems))
                usable = int((drawn[:problems] >= k).sum())
                yield usable, k, n, truth, ((low <= truth) & (truth <= high)).mean()


@pytest.mark.cases(2)
@pytest.mark.heavy
@pytest.mark.parametrize("population", POPULATIONS)
def test_the_interval_of_a_mean_holds_the_truth_of_simulated_lakes(population):
    rng = np.random.default_rng(sum(map(ord, population)))
    rows = [row for ragged in (False, True) for row in coverage_of_the_mean(population, ragged, rng)]
    assert min(row[-1] for row in rows) > 0.91, "never too sure of itself, at any setting"
    # With fewer than five problems expected on the rarer side the interval is wide on purpose.
    telling = [row for row in rows if row[0] * min(row[3], 1 - row[3]) >= 5]
    assert len(telling) > len(rows) / 3
    assert all(0.915 < row[-1] < 0.98 for row in telling), [row for row in telling if not 0.915 < row[-1] < 0.98]
    inside = [0.93 <= row[-1] <= 0.97 for row in telling]
    assert np.mean(inside) > 0.9, [row for row, holds in zip(telling, inside, strict=True) if not holds]


@pytest.mark.parametrize(("shift", "spread"), [(0.0, 0.0), (0.5, 0.5), (2.0, 1.0)])
@pytest.mark.parametrize(("a", "b", "unsolvable"), [(0.3, 0.7, 0.0), (0.5, 3.0, 0.3), (2.0, 2.0, 0.0)])
def test_the_interval_of_a_paired_difference_holds_the_truth_of_simulated_lakes(a, b, unsolvable, shift, spread):
    rng = np.random.default_rng(int(10 * (shift + a)))

    def accuracies(shape):
        """B is A with its log-odds shifted, more for some problems than for others."""
        before = rng.beta(a, b, shape)
        odds = special.logit(np.clip(before, 1e-300, 1 - 1e-16)) + shift + spread * rng.standard_normal(shape)
        solvable = rng.random(shape) >= unsolvable
        return before * solvable, (special.expit(odds) if shift else before) * solvable

    many = accuracies(400_000)
    pair = accuracies((SIZES[-1], LAKES))
    for n in (16, 256):
        first, second = (rng.binomial(n, accuracy) for accuracy in pair)
        for k in settings(n):
            truth = np.mean((1 - many[1]) ** k - (1 - many[0]) ** k)
            table = pass_table(n, k)
            for problems in SIZES:
                values = table[first[:problems]] - table[second[:problems]]
                low, high = difference_interval(values, np.ones(problems))
                coverage = ((low <= truth) & (truth <= high)).mean()
                # How many of full size the differences are worth: with few, the spread seen is no guide to the truth.
                worth = (values**2).sum() / LAKES / max(values.max(), -values.min()) ** 2
                setting = (problems, n, k, worth, truth, coverage)
                assert coverage > (0.92 if worth >= 5 else 0.84), setting
                assert coverage < (0.975 if worth >= 10 else 1.001), setting


def test_four_in_five_intervals_tell_a_detectable_difference_from_0():
    """Each column is a lake of 100 problems. The true difference is what the lakes call detectable, on average."""
    rng = np.random.default_rng(6)
    plain = rng.normal(0, 0.2, (100, 4000))
    detectable = intervals.difference_error(sums(plain, np.ones(100), intervals.POWERS)).detectable()
    low, _ = difference_interval(plain + detectable.mean(), np.ones(100))
    assert np.mean(low > 0) == pytest.approx(intervals.POWER, abs=0.02)
    assert detectable.mean() == pytest.approx(2.8 * 0.2 / 100**0.5, rel=0.05)


def test_nobody_solved_anything_leaves_room_for_one_who_does():
    for problems in (1, 2, 30, 1000):
        low, high = mean_interval(np.array([[0.0]]), np.array([float(problems)]))
        assert low[0] == 0
        # At the high end nobody would solve any with a chance of some 8 %, 15 % for one problem.
        assert 0.08 < (1 - high[0]) ** problems < 0.15
        mirrored = mean_interval(np.array([[1.0]]), np.array([float(problems)]))
        assert np.allclose([mirrored[0][0], mirrored[1][0]], [1 - high[0], 1])


def test_outcomes_of_0_and_1_give_jeffreys_interval_of_a_proportion():
    for solved, problems in ((1, 30), (15, 30), (29, 30), (7, 100)):
        low, high = mean_interval(np.array([[0.0], [1.0]]), np.array([problems - solved, float(solved)]))
        expected = stats.beta(solved + 0.5, problems - solved + 0.5).ppf([0.025, 0.975])
        assert np.allclose([low[0], high[0]], expected)


def test_many_problems_give_the_plain_interval():
    rng = np.random.default_rng(5)
    values = rng.beta(2, 2, (20_000, 1))
    near = values.mean() + np.array([-1.96, 1.96]) * values.std() / 20_000**0.5
    assert np.allclose(np.ravel(mean_interval(values, np.ones(20_000))), near, atol=1e-4)
    values -= rng.beta(2, 2, (20_000, 1))
    near = values.mean() + np.array([-1.96, 1.96]) * values.std() / 20_000**0.5
    assert np.allclose(np.ravel(difference_interval(values, np.ones(20_000))), near, atol=1e-4)


def test_one_problem_says_little_and_its_difference_nothing():
    low, high = mean_interval(np.array([[0.5, 1.0]]), np.array([1.0]))
    assert (high - low > 0.7).all()
    low, high = difference_interval(np.array([[0.0, 0.25, 1.0]]), np.array([1.0]))
    assert low.tolist() == [-1, -1, -1]
    assert high.tolist() == [1, 1, 1]


def test_problems_that_all_tie_leave_room_for_one_that_does_not():
    low, high = difference_interval(np.zeros((1, 1)), np.array([30.0]))
    assert 1 / 30 < high[0] < 1 - 0.025 ** (1 / 30)
    assert low[0] == -high[0]
    swapped = difference_interval(np.array([[0.5], [-0.25], [0.0]]), np.array([3.0, 9.0, 1.0]))
    straight = difference_interval(np.array([[-0.5], [0.25], [0.0]]), np.array([3.0, 9.0, 1.0]))
    assert np.allclose(swapped[0], -straight[1])
    assert np.allclose(swapped[1], -straight[0])


@pytest.mark.parametrize("interval", [mean_interval, difference_interval])
def test_no_problem_gives_no_interval_and_problems_without_a_value_do_not_count(interval):
    absent = np.array([[np.nan, 0.25], [np.nan, np.nan], [np.nan, 0.75]])
    low, high = interval(absent, np.array([4.0, 9.0, 2.0]))
    assert np.isnan([low[0], high[0]]).all()
    only = interval(np.array([[0.25], [0.75]]), np.array([4.0, 2.0]))
    assert (low[1], high[1]) == pytest.approx((only[0][0], only[1][0]))
    nothing = interval(np.empty((0, 2)), np.empty(0))
    assert np.isnan(nothing).all()


@pytest.mark.parametrize("interval", [mean_interval, difference_interval])
def test_a_group_of_problems_counts_as_that_many_single_ones(interval):
    rng = np.random.default_rng(3)
    values, weights = rng.random((200, 7)), rng.integers(1, 9, 200)
    grouped = interval(values, weights.astype(float))
    single = interval(np.repeat(values, weights, axis=0), np.ones(weights.sum()))
    assert np.allclose(grouped, single)


@pytest.mark.parametrize("interval", [mean_interval, difference_interval])
def test_the_estimate_lies_between_the_ends_and_a_higher_level_is_wider(interval):
    rng = np.random.default_rng(4)
    for problems in (1, 2, 3, 10, 1000):
        for shape in ((0.01, 5.0), (0.2, 0.2), (5.0, 0.01), (300.0, 300.0)):
            values = rng.beta(*shape, (problems, 50))
            ends = [interval(values, np.ones(problems), level) for level in (0.5, 0.95, 0.99)]
            mean = values.mean(axis=0)
            for low, high in ends:
                assert (low <= mean + 1e-15).all()
                assert (mean <= high + 1e-15).all()
                assert (low >= -1).all()
                assert (high <= 1).all()
            widths = [high - low for low, high in ends]
            assert (widths[0] <= widths[1] + 1e-15).all()
            assert (widths[1] <= widths[2] + 1e-15).all()


def test_the_simulation_knows_pass_at_k():
    for n, c, k in ((5, 2, 3), (16, 1, 16), (16, 0, 8), (10, 4, 2)):
        assert pass_table(n, k)[c] == pytest.approx(1 - comb(n - c, k) / comb(n, k))


def test_an_output_can_name_the_method():
    assert "beta" in METHOD
    assert "paired t" in DIFFERENCE_METHOD
