"""Reliability and best of k: exact against subsets and fractions, over the problems that reach k."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samples.errors import SamplesError
from samples_queries import Unanswerable
from samples_queries.intervals import METHOD

COUNTS = st.lists(
    st.integers(1, 30).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))), min_size=1, max_size=8
)
TAUS = [0.0, 0.1, 0.3, 0.5, 0.75, 1.0]


@pytest.mark.heavy
@settings(max_examples=40, deadline=None)
@given(COUNTS)
def test_every_k_and_tau_of_any_counts(oracles, tallied, counts):
    to = tallied.connection({"a": tallied.of(counts)})
    rows = tallied.answered("reliability", to, runs=["a"], verifier="v", ks=[], taus=TAUS)
    largest = max(n for n, _ in counts)
    assert [(row["k"], row["tau"]) for row in rows] == [(k, tau) for k in range(1, largest + 1) for tau in TAUS]
    for row in rows:
        k, tau, reached = row["k"], str(row["tau"]), [count for count in counts if count[0] >= row["k"]]
        assert row["problems"] == len(reached)
        assert row["pass_hat_k"] == pytest.approx(float(oracles.at_k(counts, k, oracles.pass_hat_k)[1]), rel=1e-12)
        expected = oracles.mean(oracles.g_pass_at_k(*count, k, tau) for count in reached)
        assert row["g_pass_at_k"] == pytest.approx(float(expected), rel=1e-12)
        assert row["cover_at_tau"] == pytest.approx(float(oracles.cover(reached, tau)))


def test_a_matrix_with_known_values_has_them(tallied, tmp_path):
    """R = [[0,1,1,0,1],[1,1,0,1,1]]: pass^2 0.45, G-Pass@2 at 0.5 0.95."""
    lake = tallied.lake(tmp_path, {"a": tallied.of([(5, 3), (5, 4)])})
    rows = lake.query("reliability", ks=2).dicts()
    assert [row["tau"] for row in rows] == [0.25, 0.5, 0.75, 1.0]
    assert [row["pass_hat_k"] for row in rows] == pytest.approx([0.45] * 4)
    assert [row["g_pass_at_k"] for row in rows] == pytest.approx([0.95, 0.95, 0.45, 0.45])
    assert [row["cover_at_tau"] for row in rows] == [1, 1, 0.5, 0]


def test_nobody_and_everybody(tallied):
    for c, expected in ((0, 0), (10_000, 1)):
        to = tallied.connection({"a": tallied.of([(10_000, c), (8, c // 1250)])})
        for row in tallied.answered("reliability", to, runs=["a"], verifier="v", ks=None, taus=[0.25, 1.0]):
            assert (row["pass_hat_k"], row["g_pass_at_k"], row["cover_at_tau"]) == (expected,) * 3


def test_a_tau_above_one_is_refused(tallied, tmp_path):
    with pytest.raises(SamplesError, match=r"tau = 1\.5: expected a share from 0 to 1"):
        tallied.lake(tmp_path, {"a": {"p": (4, 1)}}).query("reliability", taus="0.5,1.5")


def rewarded(tallied, rewards):
    """A connection with current verdicts of these rewards; a letter instead of a number is a status without one."""
    statuses = {"c": "correct", "w": "wrong", "n": "no_answer", "e": "error", "t": "timeout"}
    counts = {problem: [given.count(letter) for letter in "cwnet"] for problem, given in rewards.items()}
    scored = {problem: sum(reward not in statuses for reward in given) for problem, given in rewards.items()}
    verified = {problem: (sum(count[:3]) + scored[problem], 0, *count[3:]) for problem, count in counts.items()}
    to = tallied.connection({"a": verified})
    to.execute(
        "CREATE TABLE current_verdicts "
        "(run VARCHAR, dataset VARCHAR, problem_id VARCHAR, verifier VARCHAR, status VARCHAR, reward DOUBLE)"
    )
    rows = [
        ("a", "d", problem, "v", statuses.get(reward, "wrong"), None if reward in statuses else reward)
        for problem, given in rewards.items()
        for reward in given
    ]
    to.executemany("INSERT INTO current_verdicts VALUES (?, ?, ?, ?, ?, ?)", rows)
    return to


@pytest.mark.heavy
@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), min_size=1, max_size=9), min_size=1, max_size=5))
def test_the_best_of_any_rewards(oracles, tallied, rewards):
    to = rewarded(tallied, {f"p{index}": given for index, given in enumerate(rewards)})
    rows = tallied.answered("best_of", to, runs=["a"], verifier="v", ks=[])
    assert [row["k"] for row in rows] == list(range(1, max(map(len, rewards)) + 1))
    for row in rows:
        reached = [given for given in rewards if len(given) >= row["k"]]
        expected = oracles.mean(oracles.max_at_k(given, row["k"]) for given in reached)
        assert (row["problems"], row["max_at_k"]) == (len(reached), pytest.approx(float(expected), abs=1e-14))
        assert 0 <= row["low"] <= row["max_at_k"] <= row["high"] <= 1
        assert row["interval"] == METHOD


def test_without_rewards_the_best_of_k_is_pass_at_k(filled):
    for run in ("a", "b"):
        best, passed = (filled.query(name, runs=run, ks="all").dicts() for name in ("best_of", "pass_at_k"))
        for one, other in zip(best, passed, strict=True):
            assert (one["k"], one["problems"]) == (other["k"], other["problems"])
            for mine, theirs in (("max_at_k", "pass_at_k"), ("low", "low"), ("high", "high")):
                assert one[mine] == pytest.approx(other[theirs])


def test_a_verdict_without_a_reward_counts_as_one_or_none(tallied):
    to = rewarded(tallied, {"p": ["c", "w", "n", "e", "t"], "q": [0.5, "e"]})
    rows = tallied.answered("best_of", to, runs=["a"], verifier="v", ks=None)
    assert [(row["k"], row["problems"]) for row in rows] == [(1, 2), (2, 1), (3, 1)]
    assert [row["max_at_k"] for row in rows] == pytest.approx([(1 / 3 + 1 / 2) / 2, 2 / 3, 1])


def test_rewards_beyond_one_have_an_interval_around_them(tallied):
    to = rewarded(tallied, {f"p{index}": [-1.0, 4.0, float(index)] for index in range(4)})
    for row in tallied.answered("best_of", to, runs=["a"], verifier="v", ks=[]):
        assert -1 <= row["low"] < row["max_at_k"] <= row["high"] <= 4
    assert row["max_at_k"] == 4


def test_no_verified_sample_has_no_best(tallied):
    with pytest.raises(Unanswerable, match="run a has no verdicts of v yet"):
        tallied.answered("best_of", rewarded(tallied, {"p": ["e", "t"]}), runs=["a"], verifier="v", ks=None)
