"""Leads of one run over another: those of fractions, for any counts."""

from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from samples_queries.leads import leads, mean_leads
from samples_queries.pairs import Pairs

SIDE = st.integers(1, 30).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n)))
RAGGED = st.lists(st.tuples(SIDE, SIDE, st.integers(1, 3)), min_size=1, max_size=5)
EVEN = st.integers(1, 200).flatmap(
    lambda n: st.lists(
        st.tuples(*[st.tuples(st.just(n), st.integers(0, n))] * 2, st.integers(1, 3)), min_size=1, max_size=5
    )
)


def paired(groups):
    """Pairs of groups such as ((n_a, c_a), (n_b, c_b), problems)."""
    columns = np.array([(*a, *b, problems) for a, b, problems in groups], dtype=np.int64).T
    return Pairs("d", *columns, 0)


def sign(number):
    return (number > 0) - (number < 0)


@settings(max_examples=150, deadline=None)
@given(RAGGED | EVEN)
def test_leads_on_problems_and_in_the_mean_are_those_of_fractions(oracles, groups):
    pairs = paired(groups)
    ks = np.unique(np.linspace(1, pairs.reach.max(), 25).astype(np.int64))
    each, mean = leads(pairs, ks), mean_leads(pairs, ks)
    for place, k in enumerate(ks.tolist()):
        differences = [
            problems * (oracles.pass_at_k(*a, k) - oracles.pass_at_k(*b, k)) if min(a[0], b[0]) >= k else Fraction(0)
            for a, b, problems in groups
        ]
        assert each[:, place].tolist() == [sign(difference) for difference in differences]
        assert mean[place] == sign(sum(differences))


def test_shares_that_are_equal_tie_at_one_sample_only(oracles):
    pairs = paired([((8, 4), (16, 8), 1)])
    assert leads(pairs, np.arange(1, 9)).tolist() == [[0, 1, 1, 1, 1, 1, 1, 1]]
    assert oracles.pass_at_k(8, 4, 2) > oracles.pass_at_k(16, 8, 2)
