"""The functions of `samples sql`: exact chances, NULL where nothing can be said, and no way around the walls."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import samples_queries
from samples.errors import UsageError
from samples.query.connection import add_macros, engine

COUNTS = st.integers(1, 60).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(1, n)))
TAUS = st.sampled_from(["0", "0.1", "0.25", "0.3", "0.5", "0.7", "1"])
LARGE = [
    (10_000, 1, 5_000),
    (10_000, 37, 100),
    (10_000, 100, 37),
    (10_000, 5_000, 5_000),
    (10_000, 9_999, 1),
    (10_000, 9_900, 150),
    (10_000, 0, 10_000),
    (10_000, 10_000, 10_000),
    (9_973, 4_000, 3_000),
]


@pytest.fixture(scope="module")
def one():
    """Evaluate one expression."""
    with engine() as connection:
        add_macros(connection)
        yield lambda text: connection.execute(f"SELECT {text}").fetchall()[0][0]


@settings(max_examples=150, deadline=None)
@given(COUNTS, TAUS)
def test_the_functions_give_the_exact_fractions(oracles, one, counts, tau):
    n, c, k = counts
    assert one(f"pass_at_k({n}, {c}, {k})") == pytest.approx(float(oracles.pass_at_k(n, c, k)), abs=1e-14)
    assert one(f"pass_hat_k({n}, {c}, {k})") == pytest.approx(float(oracles.pass_hat_k(n, c, k)), abs=1e-14)
    expected = float(oracles.g_pass_at_k(n, c, k, tau))
    for number in (tau, f"{tau}::DOUBLE"):
        assert one(f"g_pass_at_k({n}, {c}, {k}, {number})") == pytest.approx(expected, abs=1e-14)


@pytest.mark.nightly
@pytest.mark.parametrize("counts", LARGE)
def test_ten_thousand_samples_lose_no_digits(oracles, one, counts):
    text = ", ".join(map(str, counts))
    assert one(f"pass_at_k({text})") == pytest.approx(float(oracles.pass_at_k(*counts)), abs=1e-13)
    assert one(f"pass_hat_k({text})") == pytest.approx(float(oracles.pass_hat_k(*counts)), abs=1e-13)
    for tau in ("0.01", "0.5", "0.95"):
        expected = float(oracles.g_pass_at_k(*counts, tau))
        assert one(f"g_pass_at_k({text}, {tau})") == pytest.approx(expected, abs=1e-13)


@pytest.mark.parametrize("counts", ["3, 1, 4", "0, 0, 1", "3, 1, 0", "3, 4, 1", "3, -1, 1", "NULL, 1, 1", "3, 1, NULL"])
def test_what_cannot_be_drawn_is_null(one, counts):
    assert [one(f"pass_at_k({counts})"), one(f"pass_hat_k({counts})"), one(f"g_pass_at_k({counts}, 1)")] == [None] * 3
    assert one("g_pass_at_k(3, 1, 2, 1.5)") is None


def test_analysts_and_named_queries_give_the_same_means(filled):
    rows = filled.sql(
        "SELECT run, k, count(p) AS problems, avg(p) AS mean, avg(pass_hat_k(n, c, k)) AS every FROM ("
        "SELECT *, pass_at_k(n, c, k) AS p FROM tallies, generate_series(1, 4) AS ks(k)) GROUP BY run, k"
    ).dicts()
    named = {(row["run"], row["k"]): row for row in filled.query("pass_at_k", ks="1..4", problem_set="each")}
    assert len(rows) == 8
    for row in rows:
        assert row["problems"] == named[row["run"], row["k"]]["problems"]
        assert row["mean"] == pytest.approx(named[row["run"], row["k"]]["pass_at_k"])
    reliable = filled.query("reliability", ks="1..4", taus=[0.5], problem_set="each")
    every = {(row["run"], row["k"]): row["pass_hat_k"] for row in reliable}
    assert {(row["run"], row["k"]): pytest.approx(row["every"]) for row in rows} == every


def test_no_other_function_is_made_and_each_says_what_it_computes(filled):
    for name in samples_queries.MACROS:
        text = samples_queries.text(f"macros/{name}")
        assert re.match(rf"-- {name}\((?:n, c, k)[^)]*\): chance that .+\n", text)
    with pytest.raises(UsageError, match="only a SELECT over"):
        filled.sql("CREATE MACRO mine(x) AS x + 1")
