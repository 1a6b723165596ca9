"""Oracles: right about the published values, of one mind with each other, and with scorio."""

import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scorio import eval as scorio

MATRIX = [[0, 1, 1, 0, 1], [1, 1, 0, 1, 1]]  # in the documentation of scorio
COUNTS = [(5, 3), (5, 4)]

counts_and_k = st.integers(1, 9).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(1, n)))
many_counts = st.lists(st.integers(1, 12).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))), min_size=1)
taus = st.sampled_from(["0", "0.1", "0.25", "0.3", "0.5", "0.75", "0.9", "1"])
given_answers = st.lists(st.sampled_from(["1", "2", "3", "4", None]), min_size=1, max_size=8)
some_right = st.sets(st.sampled_from(["1", "2", "3", "4"]))


def judged(texts, right):
    return [(text, text in right) for text in texts]


# Published values.


def test_the_matrix_has_its_known_values(oracles):
    assert oracles.at_k(COUNTS, 1, oracles.pass_at_k) == (2, Fraction("0.7"))
    assert oracles.at_k(COUNTS, 2, oracles.pass_at_k) == (2, Fraction("0.95"))
    assert oracles.at_k(COUNTS, 2, oracles.pass_hat_k) == (2, Fraction("0.45"))
    assert oracles.mean(oracles.g_pass_at_k(*count, 2, 0.5) for count in COUNTS) == Fraction("0.95")
    assert oracles.bayes(MATRIX) == (Fraction(9, 14), pytest.approx(0.118451, abs=1e-6))


def test_aime24_is_covered_as_published(oracles):
    base = {0, 1, 4, 6, 7, 8, 9, 11, 12, 14, 15, 16, 17, 18, 19, 22, 23, 24, 25, 26, 27, 28, 29}
    trained = {0, 1, 6, 7, 8, 9, 12, 14, 15, 16, 18, 22, 23, 24, 25, 26, 27, 28, 29}
    a, b = ({f"{p:02d}": (1024, int(p in solved)) for p in range(30)} for solved in (base, trained))
    found = oracles.coverage(a, b)
    assert {outcome: len(ids) for outcome, ids in found.items()} == {"both": 19, "only_a": 4, "only_b": 0, "neither": 7}
    assert found["only_a"] == ["04", "11", "17", "19"]
    by_solvers = oracles.coverage_many({"base": a, "rl": b})
    assert by_solvers == {
        frozenset(["base", "rl"]): found["both"],
        frozenset(["base"]): found["only_a"],
        frozenset(): found["neither"],
    }
    assert oracles.support(19, 0, 4) == {
        "srr": Fraction(19, 23),
        "ndr": Fraction(0),
        "sds": Fraction(0),
        "nscr": Fraction(-4, 23),
    }


@pytest.mark.parametrize(
    ("algorithm", "pass_1", "pass_256", "gap"),
    [
        ("GRPO", "26.1", "66.3", "41.1"),
        ("PPO", "27.2", "65.8", "40"),
        ("ReMax", "24.4", "65.5", "42.8"),
        ("RLOO", "28.6", "66.4", "38.6"),
        ("Reinforce++", "28.2", "67.7", "39"),
        ("DAPO", "31.4", "66.1", "35.8"),
    ],
)
def test_the_efficiency_gap_of_omni_math_is_as_published(oracles, algorithm, pass_1, pass_256, gap):
    """A thousand problems of 256 samples each that have the published pass@1 and pass@256."""

    def lake(once, ever):
        solved, correct = int(Fraction(ever) * 10), int(Fraction(once) * 10 * 256)
        spare = correct - solved
        counts = [(256, 1 + min(255, max(0, spare - 255 * i))) for i in range(solved)] + [(256, 0)] * (1000 - solved)
        total = sum(c for _, c in counts)
        return counts, Fraction(total, 256_000)

    base, base_once = lake("9.9", "67.2")
    trained, once = lake(pass_1, pass_256)
    assert oracles.at_k(base, 256, oracles.pass_at_k) == (1000, Fraction("0.672"))
    assert oracles.at_k(trained, 256, oracles.pass_at_k) == (1000, Fraction(pass_256) / 100)
    assert oracles.at_k(base, 1, oracles.pass_at_k)[1] == base_once == pytest.approx(0.099, abs=1e-5)
    assert oracles.at_k(trained, 1, oracles.pass_at_k)[1] == once
    assert oracles.efficiency_gap(base, trained, 256) == pytest.approx(float(gap) / 100, abs=1e-5)


def test_support_is_as_published(oracles):
    found = oracles.support(138, 12, 34)
    assert {name: round(float(value), 3) for name, value in found.items()} == {
        "srr": 0.802,
        "ndr": 0.080,
        "sds": 0.145,
        "nscr": -0.120,
    }


# Against each other.


@settings(max_examples=150, deadline=None)
@given(counts_and_k, taus)
def test_chances_are_the_share_of_subsets(oracles, count, tau):
    n, c, k = count
    assert oracles.pass_at_k(n, c, k) == oracles.pass_at_k_by_subsets(n, c, k)
    assert oracles.pass_hat_k(n, c, k) == oracles.pass_hat_k_by_subsets(n, c, k)
    assert oracles.g_pass_at_k(n, c, k, tau) == oracles.g_pass_at_k_by_subsets(n, c, k, tau)


@given(counts_and_k)
def test_one_correct_of_k_and_all_of_k_are_the_ends_of_g_pass(oracles, count):
    assert oracles.g_pass_at_k(*count, 0) == oracles.pass_at_k(*count)
    assert oracles.g_pass_at_k(*count, 1) == oracles.pass_hat_k(*count)
    n, c, k = count
    assert oracles.pass_hat_k(n, n - c, k) == 1 - oracles.pass_at_k(n, c, k)


def test_ten_thousand_samples_are_no_trouble(oracles):
    assert oracles.pass_at_k(10_000, 1, 5_000) == Fraction(1, 2)
    assert oracles.pass_at_k(10_000, 10_000, 1) == 1
    assert oracles.pass_at_k(10_000, 0, 10_000) == 0
    assert oracles.pass_at_k(10_000, 1, 10_000) == 1
    expected = 1 - Fraction(math.comb(9_963, 100), math.comb(10_000, 100))
    assert oracles.pass_at_k(10_000, 37, 100) == expected


@settings(max_examples=150, deadline=None)
@given(given_answers, some_right, st.data())
def test_both_ways_to_count_votes_agree(oracles, texts, right, data):
    answers, k = judged(texts, right), data.draw(st.integers(1, len(texts)))
    assert oracles.maj_at_k(answers, k) == oracles.maj_at_k_by_subsets(answers, k)


def test_ties_are_shared_silence_casts_no_vote_and_each_right_text_stands_for_itself(oracles):
    assert oracles.maj_at_k(judged(["1", "2"], {"1"}), 2) == Fraction(1, 2)
    assert oracles.maj_at_k(judged(["1", "2", "3"], {"1"}), 3) == Fraction(1, 3)
    assert oracles.maj_at_k(judged(["1", "2", "3"], {"1", "2"}), 3) == Fraction(2, 3)
    assert oracles.maj_at_k(judged(["1", None, None], {"1"}), 3) == 1
    assert oracles.maj_at_k(judged([None, None], {"1"}), 2) == 0
    assert oracles.maj_at_k(judged(["1/2", "0.5", "3", "3"], {"1/2", "0.5"}), 4) == 0
    assert oracles.maj_at_k(judged(["1", "1", "2"], {"1"}), 1) == Fraction(2, 3)
    with pytest.raises(AssertionError, match="both ways"):
        oracles.maj_at_k([("1", True), ("1", False)], 1)


@settings(deadline=None)
@given(st.lists(st.sampled_from(["0", "0.5", "1", "-1", "2.25"]), min_size=1, max_size=8), st.data())
def test_the_best_of_k_is_the_mean_of_the_best_of_subsets(oracles, rewards, data):
    k = data.draw(st.integers(1, len(rewards)))
    assert oracles.max_at_k(rewards, k) == oracles.max_at_k_by_subsets(rewards, k)


@given(many_counts, st.integers(1, 12))
def test_a_mean_is_over_the_problems_with_enough_samples(oracles, counts, k):
    used, value = oracles.at_k(counts, k, oracles.pass_at_k)
    usable = [(n, c) for n, c in counts if n >= k]
    assert used == len(usable)
    assert (value is None) == (used == 0)
    if used:
        assert value == sum(oracles.pass_at_k(n, c, k) for n, c in usable) / used


@given(many_counts)
def test_every_problem_is_in_one_bin_and_the_mean_accuracy_is_the_area_under_cover(oracles, counts):
    bins = oracles.histogram(counts)
    assert sum(bins) == len(counts)
    assert bins[0] == sum(c == 0 for _, c in counts)
    assert bins[11] == sum(c == n for n, c in counts)
    assert oracles.cover(counts, 1) == Fraction(bins[11], len(counts))
    assert oracles.cover(counts, 0) == 1
    steps = sorted({Fraction(0), *(Fraction(c, n) for n, c in counts)})
    area = sum((high - low) * oracles.cover(counts, high) for low, high in pairwise(steps))
    assert area == oracles.at_k(counts, 1, oracles.pass_at_k)[1]


def test_bins_hold_their_upper_end(oracles):
    edges = [(10, c) for c in range(11)] + [(100, c) for c in (1, 11, 20, 90, 91, 99)] + [(0, 0)]
    assert oracles.histogram(edges) == [1, 2, 3, 1, 1, 1, 1, 1, 1, 2, 2, 1]
    assert oracles.cover([(10, 3), (10, 7)], 0.3) == 1  # the float 0.3 lies below 3/10, and 0.7 too
    assert oracles.cover([(10, 3), (10, 7)], 0.7) == Fraction(1, 2)
    assert oracles.correct_needed(10, 0.7) == 7


@settings(deadline=None)
@given(many_counts, many_counts, st.integers(1, 12))
def test_a_comparison_reversed_is_its_mirror_and_agrees_with_the_means(oracles, first, second, k):
    a, b = ({str(i): count for i, count in enumerate(counts)} for counts in (first, second))
    there, back = oracles.compare(a, b, k), oracles.compare(b, a, k)
    assert (there["wins"], there["losses"], there["ties"]) == (back["losses"], back["wins"], back["ties"])
    assert there["wins"] + there["losses"] + there["ties"] == there["problems"]
    both = [i for i in range(min(len(first), len(second))) if first[i][0] >= k and second[i][0] >= k]
    if both:
        means = [oracles.at_k([counts[i] for i in both], k, oracles.pass_at_k)[1] for counts in (first, second)]
        assert there["difference"] == means[0] - means[1]
    else:
        assert there["difference"] is None
        assert there["problems"] == 0


def test_runs_cross_where_the_one_ahead_falls_behind(oracles):
    base = {"p": (8, 2), "q": (8, 2), "r": (8, 1)}
    trained = {"p": (8, 8), "q": (8, 0), "r": (8, 0)}
    assert oracles.crossing(base, trained) == ("b", 2, "a")  # pass@1 5/24 to 8/24, pass@2 33/84 to 28/84
    assert oracles.compare(base, trained, 1)["difference"] < 0
    assert oracles.compare(base, trained, 2)["difference"] > 0
    assert oracles.crossing(base, trained, [1, 4, 8]) == ("b", 4, "a")
    assert oracles.crossing(trained, base) == ("a", 2, "b")
    assert oracles.crossing(base, base) == (None, None, None)
    assert oracles.crossing({"p": (4, 0)}, {"p": (4, 1)}) == ("b", None, None)
    assert oracles.crossing({"p": (4, 2)}, {"p": (4, 4)}) == ("b", None, None), "both are 1 from k = 3 on"
    assert oracles.crossing(base, {"s": (8, 8)}) == (None, None, None)


def test_support_of_nothing_is_unknown(oracles):
    assert oracles.support(0, 0, 0) == dict.fromkeys(["srr", "ndr", "sds", "nscr"])
    assert oracles.support(0, 3, 0)["srr"] is None
    assert oracles.support(0, 3, 0)["ndr"] == 1
    assert oracles.support(0, 3, 2)["sds"] == 0


@given(st.integers(0, 50), st.integers(0, 50), st.integers(1, 50))
def test_sds_is_the_harmonic_mean_of_retention_and_discovery(oracles, kept, gained, lost):
    found = oracles.support(kept, gained, lost)
    if kept and gained:
        assert found["sds"] == 2 / (1 / found["srr"] + 1 / found["ndr"])


def test_coverage_wants_problems_that_both_have_samples_of_and_a_threshold(oracles):
    a = {"p": (8, 1), "q": (8, 4), "r": (0, 0), "s": (8, 8)}
    b = {"p": (4, 0), "q": (8, 3), "r": (8, 8), "t": (8, 8)}
    assert oracles.coverage(a, b) == {"both": ["q"], "only_a": ["p"], "only_b": [], "neither": []}
    assert oracles.coverage(a, b, 4) == {"both": [], "only_a": ["q"], "only_b": [], "neither": ["p"]}
    assert oracles.coverage(b, a, 4)["only_b"] == ["q"]


def test_entropy_distinct_answers_and_duplicates_of_simple_cases(oracles):
    assert oracles.answer_entropy(judged(["1", "1", "2", "2", None], {"1"})) == pytest.approx(math.log(2))
    assert oracles.answer_entropy(judged(["1", "1"], {"1"})) == 0
    assert oracles.answer_entropy([(None, False)]) is None
    assert oracles.answer_entropy(judged(list("1123"), set())) == pytest.approx(1.5 * math.log(2))
    assert oracles.distinct_answers(judged(["1", "1", "2", None], {"1"})) == 2
    assert oracles.duplicate_rate(["x", "y", "x", "x"]) == Fraction(1, 2)
    assert oracles.duplicate_rate(["x"]) == 0
    assert oracles.duplicate_rate([]) is None


def test_perplexity_of_a_fair_coin_is_two(oracles):
    assert oracles.perplexity(-10 * math.log(2), 10) == pytest.approx(2)
    assert oracles.perplexity(0.0, 3) == 1
    assert oracles.perplexity(0.0, 0) is None


def test_a_uniform_population_solves_k_of_k_plus_one(oracles):
    assert oracles.forecast_by_product(1, 1, 9) == Fraction(9, 10)
    for a, b, k in (("0.3", "0.7", 1), ("0.3", "0.7", 1000), ("2.5", "40", 64), ("0.01", "3", 4096)):
        assert oracles.forecast(float(a), float(b), k) == pytest.approx(float(oracles.forecast_by_product(a, b, k)))
    assert oracles.forecast(0.3, 0.7, 1) == pytest.approx(0.3)


# Against scipy and scorio.


outcome_matrices = st.integers(1, 7).flatmap(
    lambda n: st.lists(st.lists(st.integers(0, 1), min_size=n, max_size=n), min_size=1, max_size=4)
)


@settings(max_examples=60, deadline=None)
@given(outcome_matrices, taus, st.data())
def test_scorio_agrees_on_chances_of_right_and_wrong(oracles, matrix, tau, data):
    n = len(matrix[0])
    k = data.draw(st.integers(1, n))
    given_by_scorio, counts = np.array(matrix), [(n, sum(row)) for row in matrix]
    assert scorio.pass_at_k(given_by_scorio, k) == pytest.approx(oracles.at_k(counts, k, oracles.pass_at_k)[1])
    assert scorio.pass_hat_k(given_by_scorio, k) == pytest.approx(oracles.at_k(counts, k, oracles.pass_hat_k)[1])
    g_pass = oracles.mean(oracles.g_pass_at_k(*count, k, tau) for count in counts)
    assert scorio.g_pass_at_k_tau(given_by_scorio, k, float(tau)) == pytest.approx(g_pass)
    bayes = oracles.bayes_of_counts(counts)
    assert scorio.bayes(given_by_scorio) == pytest.approx((float(bayes[0]), bayes[1]))


@settings(max_examples=60, deadline=None)
@given(outcome_matrices, st.data())
def test_scorio_agrees_on_votes_between_two_answers_where_no_tie_can_be(oracles, matrix, data):
    k = data.draw(st.sampled_from(range(1, len(matrix[0]) + 1, 2)))
    voted = oracles.mean(oracles.maj_at_k(judged([["no", "yes"][r] for r in row], {"yes"}), k) for row in matrix)
    assert scorio.maj_at_k(np.array(matrix), k) == pytest.approx(voted)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 7).flatmap(
        lambda n: st.lists(st.lists(st.integers(0, 2), min_size=n, max_size=n), min_size=1, max_size=4)
    ),
    st.data(),
)
def test_scorio_agrees_on_rewards_of_three_kinds(oracles, matrix, data):
    k, weights = data.draw(st.integers(1, len(matrix[0]))), ["0", "0.5", "2"]
    best = oracles.mean(oracles.max_at_k([weights[category] for category in row], k) for row in matrix)
    floats = np.array(weights, float)
    assert scorio.max_at_k(np.array(matrix), k, w=floats) == pytest.approx(best)
    mean, deviation = oracles.bayes(matrix, weights)
    assert scorio.bayes(np.array(matrix), w=floats) == pytest.approx((float(mean), deviation))
