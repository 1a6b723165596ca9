"""Forecasts: from what was observed, to what more samples show; and what is said where counts carry none."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scorio import eval as scorio

from samples.errors import SamplesError
from samples_queries import header, populations
from samples_queries.asking import ask
from samples_queries.continuation import continued

pytestmark = pytest.mark.heavy

COUNTS = st.lists(
    st.integers(1, 20).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))), min_size=1, max_size=12
)


def forecast(tallied, counts, *ks):
    return tallied.answered("forecast", tallied.connection({"a": tallied.of(counts)}), runs=["a"], verifier="v", ks=ks)


def drawn(chances, n, seed=1):
    return [(n, int(c)) for c in np.random.default_rng(seed).binomial(n, chances)]


@pytest.mark.cases(2)
@pytest.mark.heavy
@pytest.mark.parametrize(
    "counts",
    [
        [(4, 0)],
        [(8, 0), (8, 0), (8, 1)],
        [(4, 0), (4, 2), (8, 0)],
        [(2, 0), (16, 0), (16, 5)],
        [(8, 0), (8, 0), (8, 0)],
    ],
)
def test_the_forecast_is_the_mean_and_the_interval_over_all_populations(oracles, tallied, counts):
    for row, k in zip(forecast(tallied, counts, 32, 256), (32, 256), strict=True):
        chances = oracles.continued(counts, k)
        expected = sum(solved * chance for solved, chance in enumerate(chances)) / len(counts)
        assert row["pass_at_k"] == pytest.approx(expected, abs=0.02)
        low, high = round(row["low"] * len(counts)), round(row["high"] * len(counts))
        assert sum(chances[:low]) < 0.02
        assert sum(chances[high + 1 :]) < 0.02


@pytest.mark.heavy
@settings(max_examples=60, deadline=None)
@given(COUNTS)
def test_a_curve_starts_at_what_was_observed_and_never_falls(oracles, tallied, counts):
    most = max(n for n, _ in counts)
    rows = forecast(tallied, counts, *range(1, most + 1), 2 * most, 1000, 10**9)
    for row in rows:
        k = row["k"]
        seen = [oracles.pass_at_k(n, c, k) if k <= n else c > 0 for n, c in counts]
        if k > most:
            assert row["pass_at_k"] >= float(np.mean(seen)) - 1e-12
        elif all(n >= k for n, _ in counts):
            value = pytest.approx(float(np.mean([float(each) for each in seen])))
            assert row["pass_at_k"] == row["low"] == row["high"] == value
        assert 0 <= row["low"] <= row["pass_at_k"] <= row["high"] <= 1 + 1e-12
    for name in ("pass_at_k", "low", "high"):
        values = [row[name] for row in rows]
        assert np.all(np.diff(values) >= -1e-12), name


def test_up_to_n_a_forecast_is_pass_at_k(tallied, tmp_path):
    counts = drawn(np.random.default_rng(3).beta(0.3, 0.7, 200), 64)
    lake = tallied.lake(tmp_path, {"a": tallied.of(counts)})
    ks = [1, 2, 5, 31, 64]
    assert lake.query("forecast", ks=ks)["pass_at_k"] == pytest.approx(lake.query("pass_at_k", ks=ks)["pass_at_k"])


# Where 30 % are never solved, 64 samples do not tell which of the others are hard. The expected numbers are then those
# of half a million draws by Gibbs sampling alone, without exchanges.
@pytest.mark.parametrize(("never", "expected"), [(0.0, None), (0.3, (0.735, 0.229))])
def test_a_forecast_finds_what_a_known_population_gives(oracles, tallied, never, expected):
    rng = np.random.default_rng(5)
    chances = rng.beta(0.5, 1.0, 2000) * (rng.random(2000) >= never)
    (row,) = forecast(tallied, drawn(chances, 64), 1024)
    truth = (1 - never) * oracles.forecast(0.5, 1.0, 1024)
    assert row["low"] < truth < row["high"]
    pass_at_k, share = expected or (truth, never)
    assert row["pass_at_k"] == pytest.approx(pass_at_k, abs=0.04)
    assert row["never"] == pytest.approx(share, abs=0.06)


def test_other_seeds_give_nearly_the_same_forecast(tallied, monkeypatch):
    """Counts hardly tell small chances from 0: a chain that moves slowly there says another number for each seed."""
    rng = np.random.default_rng(5)
    counts = drawn(rng.beta(0.5, 1.0, 2000) * (rng.random(2000) >= 0.3), 64)
    found = []
    for seed in range(5):
        monkeypatch.setattr(populations, "SEED", seed)
        (row,) = forecast(tallied, counts, 1024)
        found.append((row["pass_at_k"], row["low"], row["high"], row["never"]))
    assert np.all(np.ptp(found, axis=0) < (0.05, 0.01, 0.08, 0.08))


def test_where_a_third_is_never_solved_and_all_else_is_easy_the_forecast_knows_it(tallied):
    (row,) = forecast(tallied, [(64, 0)] * 100 + [(64, c) for c in range(14, 64)] * 4, 1024)
    assert row["pass_at_k"] == pytest.approx(2 / 3, abs=0.03)
    assert row["never"] == pytest.approx(1 / 3, abs=0.03)
    assert (row["unsolved"], row["observed_at_n"]) == (100, pytest.approx(2 / 3))


@pytest.mark.nightly
def test_hidden_samples_are_foretold(tallied):
    """Parts of 128 samples of a population like MATH500's; benchmarks/forecast.py tries more of them."""
    rng = np.random.default_rng(11)
    all_of_it = rng.binomial(128, rng.beta(0.5, 0.4, 500) * (rng.random(500) > 0.03))
    truth = np.mean(all_of_it > 0)
    for n in (32, 64):
        rows = [
            forecast(tallied, [(n, int(c)) for c in rng.hypergeometric(all_of_it, 128 - all_of_it, n)], 128)[0]
            for _ in range(5)
        ]
        assert np.mean([row["pass_at_k"] for row in rows]) == pytest.approx(truth, abs=0.01)
        assert all(row["low"] <= truth <= row["high"] for row in rows)


def test_an_answer_is_the_same_whatever_else_is_asked(tallied):
    first, second = drawn(np.linspace(0, 0.2, 80), 16), drawn(np.linspace(0, 0.01, 50), 16)
    to = tallied.connection({"a": tallied.of(first), "b": tallied.of(second)})

    def of(runs, ks):
        return tallied.answered("forecast", to, runs=runs, verifier="v", ks=ks)

    both = of(["a", "b"], [20, 40, 100, 5000])
    assert both == of(["a", "b"], [5000, 100, 40, 20, 20])
    assert of(["b"], [100]) == [row for row in both if (row["run"], row["k"]) == ("b", 100)]


@pytest.mark.parametrize("n", [1, 2, 100, 65_536])
def test_the_default_ks_are_never_refused(tallied, tmp_path, n):
    lake = tallied.lake(tmp_path, {"a": tallied.of([(n, 0), (n, n), (n, 1)])})
    rows = lake.query("forecast").dicts()
    power = n.bit_length()
    assert [row["k"] for row in rows] == [1 << more for more in range(power, power + 4)]
    assert all(2 / 3 <= row["low"] <= row["pass_at_k"] <= row["high"] <= 1 for row in rows)


@pytest.mark.parametrize("counts", [[(8, 0)], [(8, 0), (4, 0)], [(1, 0)] * 30])
def test_nobody_solved_says_how_much_is_open(tallied, counts):
    (row,) = forecast(tallied, counts, 10 * max(n for n, _ in counts))
    assert row["low"] == row["observed_at_n"] == 0
    assert 0 < row["pass_at_k"] < row["high"]
    assert (row["unsolved"], row["problems"]) == (len(counts), len(counts))


@pytest.mark.parametrize("counts", [[(8, 8)], [(8, 8), (4, 1)], [(1, 1)] * 30])
def test_all_solved_stays_so(tallied, counts):
    (row,) = forecast(tallied, counts, 1000)
    assert (row["pass_at_k"], row["low"], row["high"], row["never"], row["unsolved"]) == (1, 1, 1, 0, 0)


def test_one_sample_says_nothing_of_how_problems_differ(tallied):
    (row,) = forecast(tallied, [(1, 1)] * 40 + [(1, 0)] * 60, 16)
    assert row["low"] < 0.5
    assert row["high"] > 0.6


def test_an_unsolved_problem_with_more_samples_is_less_likely_solved():
    solved = [
        continued(np.array([16, n]), np.array([4, 0]), np.array([30, 10]), np.array([1024])).solved[0]
        for n in (16, 64, 256, 1024)
    ]
    assert solved == sorted(solved, reverse=True)
    assert solved[0] > solved[-1] == 0


def test_notes_say_which_ks_the_data_cannot_carry(tallied, tmp_path):
    few, many = tallied.of([(8, 0)] * 10 + [(8, 1)] * 10), tallied.of([(64, 0)] * 5 + [(64, 30)] * 495)
    lake = tallied.lake(tmp_path, {"few": few, "many": many})
    assert lake.query("forecast", ks=[8, 128, 1024], runs="many").notes == ()
    wide, far = lake.query("forecast", ks=[8, 32, 64, 128, 256, 512], runs="few").notes
    assert wide == (
        "d: 8 samples of 20 problems of few do not settle K = 32, 64, 128, … 512: the interval is wider than 10 "
        "points; samples ingest … -k 16 narrows it"
    )
    assert far == (
        "d: K = 256, 512 is more than 16 times the 8 samples of few; no forecast so far ahead was tested, and the "
        "interval may be too narrow"
    )
    notes = lake.query("forecast", ks=[64]).notes
    assert any("problems of few do not settle K = 64:" in note for note in notes)
    assert not any("problems of many do not" in note for note in notes)


def test_runs_that_are_named_are_forecast_on_their_common_problems(tallied, tmp_path):
    more = {f"q{index}": (8, 8) for index in range(20)}
    counts = tallied.of([(8, 0), (8, 3), (8, 0), (8, 8)] * 5)
    lake = tallied.lake(tmp_path, {"a": counts, "b": counts | more})
    rows = lake.query("forecast", runs="a,b", ks=32)
    a, b = rows.dicts()
    assert {**a, "run": "b"} == b
    assert (a["problems"], a["unsolved"]) == (20, 10)
    assert any("20 of 40 problems of b are left out" in note for note in rows.notes)
    assert lake.query("forecast", runs="a,b", ks=32, problem_set="each")["problems"].tolist() == [20, 40]


@pytest.mark.parametrize(
    ("ks", "message"),
    [
        ("all", "name some"),
        ("0", "K = 0: expected 1 to 1,000,000,000"),
        ("2000000000", "K = 2000000000: expected 1 to 1,000,000,000"),
        ("1..20000", "20,000 values of K: expected at most 10,000"),
    ],
)
def test_ks_that_mean_nothing_are_refused(tallied, tmp_path, ks, message):
    lake = tallied.lake(tmp_path, {"a": tallied.of([(4, 1), (4, 4)])})
    with pytest.raises(SamplesError, match=message):
        lake.query("forecast", ks=ks)


def test_the_hold_out_is_in_the_reference():
    rows = [line for line in header("forecast").about.splitlines() if line.startswith(("- base, ", "- trained, "))]
    assert [line.partition(":")[0] for line in rows] == [
        f"- {run}, n = {n}" for run in ("base", "trained") for n in (8, 16, 32, 64)
    ]


def outcomes(counts):
    return np.array([[1] * c + [0] * (n - c) for n, c in counts])


@settings(max_examples=30, deadline=None)
@given(COUNTS)
def test_the_posterior_of_any_counts(oracles, tallied, counts):
    to = tallied.connection({"a": tallied.of([*counts, (0, 0)])})
    (row,) = ask(to, "bayes", {"runs": ["a"], "verifier": "v", "problem_set": "common"}).rows.to_pylist()
    mean, sd = oracles.bayes_of_counts(counts)
    assert (row["problems"], row["mean"]) == (len(counts), pytest.approx(float(mean)))
    assert row["sd"] == pytest.approx(sd)
    assert 0 <= row["low"] < row["mean"] < row["high"] <= 1


def test_the_posterior_is_scorios(tallied, tmp_path):
    same = [(16, c) for c in (0, 3, 16, 9)]
    lake = tallied.lake(tmp_path, {"a": tallied.of(same), "b": tallied.of([(5, 3), (5, 4)])})
    first, second = lake.query("bayes").dicts()
    mean, sd, low, high = scorio.bayes_ci(outcomes(same), bounds=(0, 1))
    assert [first[name] for name in ("mean", "sd", "low", "high")] == pytest.approx([mean, sd, low, high])
    assert (second["mean"], second["sd"]) == (pytest.approx(9 / 14), pytest.approx(0.118451, abs=1e-6))
