"""Where the lead changes: exact however small it is, the same for a and b exchanged, with an interval."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samples_queries import Unanswerable

TALLIES = st.dictionaries(
    st.sampled_from("pqrstu"), st.integers(0, 12).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n)))
)


def crossed(tallied, a, b, problem_set="each"):
    """The row of two runs a and b."""
    to = tallied.connection({"a": a, "b": b})
    (row,) = tallied.answered("crossing", to, a="a", b="b", verifier="v", problem_set=problem_set)
    return row


def exchanged(tallied, a, b):
    """The row of the same runs, asked for as b and a."""
    (row,) = tallied.answered("crossing", tallied.connection({"a": a, "b": b}), a="b", b="a", verifier="v")
    return row


@pytest.mark.heavy
@settings(max_examples=50, deadline=None)
@given(TALLIES, TALLIES)
def test_the_lead_changes_where_fractions_say_and_exchanging_the_runs_changes_no_figure(oracles, tallied, a, b):
    of_a, of_b = ({problem for problem, (n, _) in run.items() if n} for run in (a, b))
    if not of_a & of_b:
        with pytest.raises(Unanswerable, match=r"is verified in each of a, b|no verdicts of v yet"):
            crossed(tallied, a, b)
        return
    row = crossed(tallied, a, b)
    assert (row["leads_at_1"], row["k"], row["leads_at_k"]) == oracles.crossing(a, b)
    assert row["largest_k"] == max(min(a[p][0], b[p][0]) for p in of_a & of_b)
    at = row["k"] or row["largest_k"]
    shared = [p for p in of_a & of_b if min(a[p][0], b[p][0]) >= at]
    assert row["problems"] == len(shared)
    for name, run in (("pass_at_k_a", a), ("pass_at_k_b", b)):
        assert row[name] == pytest.approx(float(oracles.at_k([run[p] for p in shared], at, oracles.pass_at_k)[1]))
    swapped = {"a": "b", "b": "a", "pass_at_k_a": row["pass_at_k_b"], "pass_at_k_b": row["pass_at_k_a"]}
    assert exchanged(tallied, a, b) == row | swapped


def test_a_trained_run_ahead_at_first_is_overtaken(oracles, tallied, tmp_path):
    """The base solves every problem at times; the trained run half of them always."""
    base = tallied.of([(64, 4)] * 10)
    trained = tallied.of([(64, 60)] * 5 + [(64, 0)] * 5)
    lake = tallied.lake(tmp_path, {"base": base, "rl": trained})
    (row,) = lake.query("crossing", a="base", b="rl").dicts()
    assert (row["leads_at_1"], row["leads_at_k"]) == ("rl", "base")
    assert row["k"] == oracles.crossing(base, trained)[1]
    assert 1 < row["k"] < 16
    assert row["low"] <= row["k"] <= row["behind_from"]
    assert row["changes"] == 1
    (same,) = lake.query("crossing", a="rl", b="rl").dicts()
    assert {same[name] for name in ("leads_at_1", "k", "leads_at_k", "low", "high", "uncrossed")} == {None}


def test_a_lead_at_each_k_has_no_crossing(tallied):
    row = crossed(tallied, {"p": (4, 1), "q": (4, 0)}, {"p": (4, 2), "q": (8, 1)})
    assert (row["leads_at_1"], row["k"], row["largest_k"], row["problems"]) == ("b", None, 4, 2)
    assert (row["pass_at_k_a"], row["pass_at_k_b"]) == (0.5, 0.75)


@pytest.mark.parametrize(("a", "b"), [((128, 100), (128, 120)), ((200, 50), (100, 60))])
def test_curves_that_both_end_at_1_do_not_cross(tallied, a, b):
    row = crossed(tallied, {"p": a, "q": (100, 0)}, {"p": b, "q": (100, 0)}, problem_set="common")
    assert (row["leads_at_1"], row["k"], row["low"], row["high"]) == ("b", None, None, None)


def test_a_lead_far_below_a_floats_rounding_is_a_lead(oracles, tallied):
    """B fails twice where 41 of its 200 samples are wrong; C(41, k) exceeds 2 C(40, k) from k = 21 on."""
    a, b = tallied.of([(200, 160)] * 2), tallied.of([(200, 190), (200, 159)])
    lead = oracles.compare(a, b, 21)["difference"]
    assert 0 < lead < 1e-16
    assert crossed(tallied, a, b)["k"] == oracles.crossing(a, b)[1] == 21
    assert exchanged(tallied, a, b)["k"] == 21


def test_ten_thousand_samples_of_unequal_numbers_are_compared_exactly(oracles, tallied):
    a = tallied.of([(10_000, 1), (10_000, 9_999), (10_000, 0), (9_000, 50)])
    b = tallied.of([(10_000, 2), (10_000, 9_999), (10_000, 0), (10_000, 20)])
    row = crossed(tallied, a, b)
    assert row["leads_at_1"] == "a"
    assert oracles.compare(a, b, row["k"])["difference"] < 0 <= oracles.compare(a, b, row["k"] - 1)["difference"]


def drawn(rng, problems):
    """A base that solves most problems at times, and a run that solves most of these often and some never."""
    chances = rng.beta(0.5, 2, problems)
    sharper = (1 - (1 - chances) ** 6) * (rng.random(problems) > 0.2)
    return [
        dict(enumerate(zip([64] * problems, rng.binomial(64, p).tolist(), strict=True))) for p in (chances, sharper)
    ]


def test_more_problems_tell_the_crossing_better_and_the_answer_is_the_same_each_time(tallied):
    widths = []
    for problems in (50, 2000):
        base, trained = ({f"p{p}": c for p, c in run.items()} for run in drawn(np.random.default_rng(1), problems))
        row = crossed(tallied, base, trained)
        assert row["low"] <= row["k"] <= (row["high"] or 64)
        assert row == crossed(tallied, base, trained)
        widths.append((row["high"] or 64) - row["low"])
    assert widths[1] < widths[0]
    assert row["uncrossed"] == 0
    assert row["high"] <= row["behind_from"] + 1, "at first behind by chance, then by more than chance"
