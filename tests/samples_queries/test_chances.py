"""Chances: within 2e-15 of exact fractions for any n up to 10,000, and the same however they are cut into blocks."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from samples_queries import chances
from samples_queries.chances import all_wrong, at_least, needed

counts = st.integers(1, 200).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n)))


def table(n, c, ks):
    """[groups, ks] in one piece."""
    blocks = list(all_wrong(np.array(n), np.array(c), np.array(ks)))
    assert np.concatenate([block for block, _ in blocks]).tolist() == list(ks)
    return np.concatenate([values for _, values in blocks], axis=1)


@settings(max_examples=100, deadline=None)
@given(st.lists(counts, min_size=1, max_size=6), st.data())
def test_the_chance_that_all_are_wrong_is_exact_for_ragged_counts(oracles, groups, data):
    ks = sorted(data.draw(st.sets(st.integers(1, max(n for n, _ in groups)), min_size=1, max_size=8)))
    found = table(*zip(*groups, strict=True), ks)
    for row, (n, c) in zip(found, groups, strict=True):
        for value, k in zip(row, ks, strict=True):
            if k > n:
                assert np.isnan(value)
            else:
                assert value == pytest.approx(float(1 - oracles.pass_at_k(n, c, k)), rel=0, abs=2e-15)


def test_ten_thousand_samples_lose_no_digit():
    """Against fractions at each k, for numbers of correct samples on both sides of where the products change."""
    n = 10_000
    correct = [0, 1, 2, 30, 63, 64, 65, 66, 70, 90, 150, 400, 1000, 2500, 5000, 9999, 10_000]
    ks = range(1, n + 1)
    worst = 0.0
    for c, row in zip(correct, table([n] * len(correct), correct, ks), strict=True):
        wrong, scale = 1 << 200, 1 << 200  # fixed-point numbers of 200 bits: n roundings of 2^-200
        for k in ks:
            wrong = wrong * max(n - c - k + 1, 0) // (n - k + 1)
            worst = max(worst, abs(row[k - 1] - wrong / scale))
            if not wrong:
                assert row[k - 1 :].max() < 1e-30, "and 0 in the end, or as good as"
                break
    assert worst < 2e-15


def test_blocks_of_any_width_give_the_same(monkeypatch):
    n, c = [1000, 1000, 700, 65, 3], [500, 70, 90, 65, 1]
    for ks in (range(1, 1001), [1, 2, 64, 999], [1000]):
        monkeypatch.setattr(chances, "CELLS", 1 << 20)
        whole = table(n, c, ks)
        for cells in (1, 5 * 37, 5 * 512):
            monkeypatch.setattr(chances, "CELLS", cells)
            assert np.allclose(table(n, c, ks), whole, rtol=0, atol=1e-15, equal_nan=True)


@settings(max_examples=100, deadline=None)
@given(counts, st.data())
def test_tails_are_exact(oracles, group, data):
    n, c = group
    k = data.draw(st.integers(1, n))
    taus = ["0", "0.1", "0.3", "0.5", "0.75", "1"]
    least = [needed(float(tau), k) for tau in taus]
    found = at_least(np.array([n]), np.array([c]), k, least)[0]
    for value, tau in zip(found, taus, strict=True):
        assert value == pytest.approx(float(oracles.g_pass_at_k(n, c, k, tau)), rel=1e-12, abs=1e-300)


@pytest.mark.parametrize("k", [1, 100, 4999, 9999, 10_000])
def test_tails_of_ten_thousand_samples_are_those_of_scipys_distribution(k):
    n, correct = 10_000, np.array([0, 1, 37, 5000, 7500, 9999, 10_000])
    least = [needed(tau, k) for tau in (0.25, 0.5, 0.75, 1.0)]
    found = at_least(np.full(len(correct), n), correct, k, least)
    for row, c in zip(found, correct, strict=True):
        assert np.allclose(row, stats.hypergeom(n, c, k).sf(np.array(least) - 1), rtol=1e-9, atol=1e-14)


def test_a_tau_is_meant_as_it_is_written():
    assert [needed(0.1, 30), needed(0.3, 10), needed(0.7, 10), needed(0.0, 8), needed(1.0, 8)] == [3, 3, 7, 1, 8]
    assert needed(1 / 3, 3) == 1
    assert Fraction(0.1) * 30 > 3, "the float is a little more than a tenth"
