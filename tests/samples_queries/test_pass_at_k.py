"""pass@k: exact for any counts, per run and per problem, with the problems used, intervals and what was left out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samples.errors import SamplesError
from samples_queries import Unanswerable
from samples_queries.intervals import METHOD

COUNTS = st.lists(st.integers(1, 60).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))), min_size=1)
EDGES = {
    "nobody solved any": [(4, 0), (4, 0)],
    "everybody solved all": [(4, 4), (4, 4)],
    "one sample of one problem": [(1, 1)],
    "ragged": [(8, 3), (2, 1), (5, 0), (0, 0)],
}


@settings(max_examples=40, deadline=None)
@given(COUNTS)
def test_every_k_is_the_exact_mean_over_the_problems_that_reach_it(oracles, tallied, counts):
    rows = tallied.answered("pass_at_k", tallied.connection({"a": tallied.of(counts)}), runs=["a"], verifier="v", ks=[])
    assert [row["k"] for row in rows] == list(range(1, max(n for n, _ in counts) + 1))
    for row in rows:
        problems, mean = oracles.at_k(counts, row["k"], oracles.pass_at_k)
        assert (row["problems"], row["pass_at_k"]) == (problems, pytest.approx(float(mean), abs=2e-15))
        assert row["low"] <= row["pass_at_k"] <= row["high"]


@pytest.mark.parametrize("case", EDGES)
def test_the_edges(oracles, tallied, tmp_path, case):
    counts = EDGES[case]
    rows = tallied.lake(tmp_path, {"a": tallied.of(counts)}).query("pass_at_k", ks="all", problem_set="each").dicts()
    assert [row["k"] for row in rows] == list(range(1, max(n for n, _ in counts) + 1))
    for row in rows:
        problems, mean = oracles.at_k(counts, row["k"], oracles.pass_at_k)
        assert (row["problems"], row["pass_at_k"]) == (problems, pytest.approx(float(mean), abs=2e-15))
        assert 0 <= row["low"] <= row["pass_at_k"] <= row["high"] <= 1
        assert row["low"] < row["high"], "a few problems prove nothing of all"


def test_ten_thousand_samples(oracles, tallied):
    counts = [(10_000, c) for c in (0, 1, 37, 9_999, 10_000)]
    ks = [1, 100, 5_000, 9_999, 10_000]
    to = tallied.connection({"a": tallied.of(counts)})
    rows = tallied.answered("pass_at_k", to, runs=["a"], verifier="v", ks=ks)
    expected = [float(oracles.at_k(counts, k, oracles.pass_at_k)[1]) for k in ks]
    assert [row["pass_at_k"] for row in rows] == pytest.approx(expected, abs=2e-15)


def test_a_matrix_with_known_values_has_them(tallied):
    """R = [[0,1,1,0,1],[1,1,0,1,1]]: pass@1 0.7, pass@2 0.95."""
    to = tallied.connection({"a": tallied.of([(5, 3), (5, 4)])})
    rows = tallied.answered("pass_at_k", to, runs=["a"], verifier="v", ks=[2, 1, 2])
    assert [(row["k"], row["pass_at_k"]) for row in rows] == [(1, pytest.approx(0.7)), (2, pytest.approx(0.95))]


def test_without_ks_there_are_powers_of_two_and_the_largest_k_that_all_problems_reach(tallied, tmp_path):
    lake = tallied.lake(tmp_path, {"b": tallied.of([(11, 3), (6, 6)]), "a": tallied.of([(3, 0)])})
    rows = lake.query("pass_at_k").dicts()
    assert [(row["run"], row["k"], row["problems"]) for row in rows] == [
        *[("a", k, 1) for k in (1, 2, 3)],
        *[("b", k, 2) for k in (1, 2, 4, 6)],
    ]
    assert {row["interval"] for row in rows} == {METHOD}


def test_samples_that_failed_or_could_not_be_judged_are_in_no_n_and_counted_apart(lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    lakes.add_run(lake, "c", {"p1": "cwet", "p2": "eee", "p3": "nnct"})
    (row, two, three) = lake.query("pass_at_k", runs="c", problem_set="each").dicts()
    assert (row["problems"], row["pass_at_k"]) == (2, pytest.approx((1 / 2 + 1 / 3) / 2))
    assert (two["problems"], two["pass_at_k"]) == (2, pytest.approx((1 + 2 / 3) / 2))
    assert (three["k"], three["problems"], three["pass_at_k"]) == (3, 1, 1)
    assert {(r["errors"], r["timeouts"]) for r in (row, two, three)} == {(4, 2)}


def test_datasets_are_never_averaged_together(tallied, tmp_path):
    lake = tallied.lake(tmp_path, {"a": tallied.of([(2, 2)])})
    tallied.add_run(lake, "b", tallied.of([(2, 0)]), dataset="e")
    rows = lake.query("pass_at_k", ks=1).dicts()
    assert [(row["run"], row["dataset"], row["pass_at_k"]) for row in rows] == [("a", "d", 1), ("b", "e", 0)]


def test_a_k_that_no_problem_reaches_is_left_out_with_a_note_or_refused_when_it_is_the_only_one(tallied, tmp_path):
    lake = tallied.lake(tmp_path, {"a": tallied.of([(8, 3), (4, 1)])})
    for name in ("pass_at_k", "pass_at_k_by_problem", "reliability"):
        with pytest.raises(SamplesError, match=r"k = 16 .* verified samples of a problem are 8 .* -k 16 adds"):
            lake.query(name, ks=16)
        some = lake.query(name, ks="1,16")
        assert {row["k"] for row in some} == {1}
        assert "k = 16 is left out: the most verified samples of a problem are 8 (a)" in some.notes[-1]
        with pytest.raises(SamplesError, match="k = 0: expected at least 1"):
            lake.query(name, ks="0,1")


def test_no_verified_sample_is_no_answer(tallied):
    to = tallied.connection({"a": {"p": (0, 0, 3, 1)}})
    for name in ("pass_at_k", "pass_at_k_by_problem"):
        with pytest.raises(Unanswerable, match="run a has no verdicts of v yet that decide: all 4 are errors"):
            tallied.answered(name, to, runs=["a"], verifier="v", ks=None)


def test_each_problem_has_its_own_chance_at_each_k_that_it_reaches(oracles, tallied, tmp_path):
    counts = {"p2": (8, 3), "p1": (2, 2), "p3": (4, 0), "p4": (0, 0)}
    lake = tallied.lake(tmp_path, {"b": counts, "a": {"p1": (1, 0)}})
    rows = lake.query("pass_at_k_by_problem", ks="1,2,8").dicts()
    keys = [(row["run"], row["problem_id"], row["k"]) for row in rows]
    reached = [("p1", 1), ("p1", 2), ("p2", 1), ("p2", 2), ("p2", 8), ("p3", 1), ("p3", 2)]
    assert keys == [("a", "p1", 1), *(("b", *key) for key in reached)]
    for row in rows[1:]:
        assert (row["n"], row["c"]) == counts[row["problem_id"]]
        assert row["pass_at_k"] == pytest.approx(float(oracles.pass_at_k(row["n"], row["c"], row["k"])), abs=2e-15)


def test_the_version_that_a_run_saw_stands_beside_each_problem(tallied, tmp_path):
    lake = tallied.lake(tmp_path, {"a": {"p": (2, 1), "q": (2, 2)}})
    tallied.add_run(lake, "b", {"p": (2, 0), "q": (2, 0)}, version={"q": "2"})
    rows = lake.query("pass_at_k_by_problem", ks=1).dicts()
    versions = {(row["run"], row["problem_id"]): row["problem_hash"] for row in rows}
    assert versions == {("a", "p"): "1", ("a", "q"): "1", ("b", "p"): "1", ("b", "q"): "2"}


def test_problems_average_to_the_mean(tallied):
    rng = np.random.default_rng(3)
    n = rng.integers(1, 40, 200)
    counts = tallied.of(list(zip(n.tolist(), rng.integers(0, n + 1).tolist(), strict=True)))
    to = tallied.connection({"a": counts})
    given = {"runs": ["a"], "verifier": "v", "ks": []}
    each = tallied.answered("pass_at_k_by_problem", to, **given)
    for row in tallied.answered("pass_at_k", to, **given):
        values = [one["pass_at_k"] for one in each if one["k"] == row["k"]]
        assert (len(values), np.mean(values)) == (row["problems"], pytest.approx(row["pass_at_k"]))


def test_a_run_whose_verdicts_all_failed_is_not_said_to_have_none(lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    lakes.add_run(lake, "f's", {"p1": "ett", "p2": "e"})
    said = "run f's has no verdicts of v yet that decide: all 4 are errors or timeouts; samples query errors --runs "
    for name in ("pass_at_k", "pass_at_k_by_problem"):
        with pytest.raises(SamplesError) as refused:
            lake.query(name, runs="f's")
        assert said + """'f'"'"'s' shows why""" in str(refused.value)
        answer = lake.query(name, ks=1, problem_set="each") if name == "pass_at_k" else lake.query(name, ks=1)
        assert {row["run"] for row in answer.dicts()} == {"a", "b"}
        assert any(note.startswith(f"left out: {said}") for note in answer.notes)
