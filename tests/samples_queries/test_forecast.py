"""Fitted populations: the likeliest one, its forecast, and what is said where counts allow none."""

from math import inf

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats
from scorio import eval as scorio

from samples.errors import SamplesError
from samples_queries.asking import ask
from samples_queries.betabinomial import fitted

COUNTS = st.lists(
    st.integers(1, 20).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))), min_size=1, max_size=12
)


def fit(counts):
    n, c = np.array(counts).T
    return fitted(n, c, np.ones(len(n), dtype=np.int64))


def drawn(a, b, n, problems, seed=1):
    rng = np.random.default_rng(seed)
    return [(n, int(c)) for c in rng.binomial(n, rng.beta(a, b, problems))]


@pytest.mark.parametrize(
    "counts",
    [
        drawn(0.3, 0.7, 64, 100),
        drawn(2.0, 5.0, 32, 60),
        drawn(0.1, 3.0, 128, 50),
        [(8, 3), (2, 1), (20, 20), (5, 0), (16, 1), (1, 0)],
    ],
)
def test_the_fit_is_the_likeliest_and_its_forecast_is_that_populations(oracles, counts):
    found = fit(counts)
    assert found.name == "beta-binomial"
    a, b = oracles.fit_beta_binomial(counts)
    assert (found.alpha, found.beta) == (pytest.approx(a, rel=1e-4), pytest.approx(b, rel=1e-4))
    assert found.log_likelihood >= oracles.beta_binomial_log_likelihood(counts, a, b) - 1e-9
    likelihood = oracles.beta_binomial_log_likelihood(counts, found.alpha, found.beta)
    assert found.log_likelihood == pytest.approx(likelihood, rel=1e-10)
    for k in (1, 7, 1000, 100_000):
        assert found.pass_at(k) == pytest.approx(oracles.forecast(found.alpha, found.beta, k), abs=1e-11)


@settings(max_examples=150, deadline=None)
@given(COUNTS)
@example([(1, 0), (3, 0), (3, 0), (6, 4), (15, 6)])  # a maximum at finite values, and a lower one at infinite ones
def test_no_population_is_likelier_and_no_forecast_is_wild(oracles, counts):
    found = fit(counts)
    for a in (1e-3, 0.03, 0.3, 1.0, 3.0, 30.0, 1e3, 1e6):
        for b in (1e-3, 0.03, 0.3, 1.0, 3.0, 30.0, 1e3, 1e6):
            assert found.log_likelihood >= oracles.beta_binomial_log_likelihood(counts, a, b) - 1e-7
    curve = [found.pass_at(k) for k in (1, 2, 4, 100, 10_000)]
    if found.name in {"solved never", "one sample"}:
        assert curve == [None] * 5
    else:
        assert curve == sorted(curve)
        assert curve[0] > 0
        assert curve[-1] <= 1


@pytest.mark.parametrize(
    ("counts", "name", "forecast"),
    [
        ([(8, 0), (4, 0)], "solved never", None),
        ([(8, 8), (4, 4)], "solved always", 1.0),
        ([(8, 8), (4, 0), (4, 0)], "all or nothing", 1 / 3),
        ([(1, 1), (1, 0)], "one sample", None),
        ([(8, 2)], "binomial", 1 - 0.75**100),  # one problem says nothing of how problems differ
        ([(8, 4), (8, 4), (8, 4)], "binomial", 1.0 - 0.5**100),
        ([(8, 0)], "solved never", None),
        ([(8, 8)], "solved always", 1.0),
    ],
)
def test_limits_are_named_and_have_no_wild_number(counts, name, forecast):
    found = fit(counts)
    assert (found.name, found.alpha, found.beta) == (name, None, None)
    assert found.pass_at(100) == (None if forecast is None else pytest.approx(forecast))
    assert -inf < found.log_likelihood <= 0


def test_ten_thousand_samples_give_back_the_population():
    found = fit(drawn(0.4, 1.2, 10_000, 400))
    assert (found.alpha, found.beta) == (pytest.approx(0.4, rel=0.15), pytest.approx(1.2, rel=0.25))


def test_a_forecast_from_few_samples_foretells_more(tallied, tmp_path):
    few, many = drawn(0.4, 1.6, 16, 500), drawn(0.4, 1.6, 4096, 500, seed=2)
    lake = tallied.lake(tmp_path, {"a": tallied.of(few)})
    rows = lake.query("forecast").dicts()
    assert [row["k"] for row in rows] == [32, 64, 128, 256]
    for row in rows:
        truth = np.mean([1 - (1 - c / n) ** row["k"] for n, c in many])
        assert row["pass_at_k"] == pytest.approx(truth, abs=0.04)
    (row,) = lake.query("forecast", ks=4096)
    assert (row["fit"], row["problems"], row["n"]) == ("beta-binomial", 500, 16)
    assert row["fitted_at_1"] == pytest.approx(row["observed_at_1"], abs=0.01)
    assert row["fitted_at_n"] == pytest.approx(row["observed_at_n"], abs=0.02)
    assert row["observed_at_n"] == np.mean([c > 0 for _, c in few])
    expected = sum(stats.betabinom(16, row["alpha"], row["beta"]).logpmf([c for _, c in few]))
    assert row["log_likelihood"] == pytest.approx(expected)


def test_what_cannot_be_forecast_is_said(tallied, tmp_path):
    lake = tallied.lake(tmp_path, {"never": tallied.of([(4, 0), (8, 0), (8, 0)]), "some": tallied.of([(4, 1), (4, 4)])})
    rows = {row["run"]: row for row in lake.query("forecast", ks=100)}
    assert (rows["never"]["fit"], rows["never"]["pass_at_k"], rows["never"]["alpha"]) == ("solved never", None, None)
    assert (rows["never"]["observed_at_1"], rows["never"]["n"], rows["never"]["observed_at_n"]) == (0, 8, 0)
    assert 0.6 < rows["some"]["pass_at_k"] <= 1
    for ks, message in (("all", "name some"), ("0", "expected 1 to 1,000,000"), ("2000000", "expected 1 to 1,000,000")):
        with pytest.raises(SamplesError, match=message):
            lake.query("forecast", ks=ks)


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
