"""Asking a lake: named queries over what is really there."""

from fractions import Fraction
from math import comb

import pytest

from samples.errors import SamplesError, UsageError
from samples.ingest.segment import committer
from samples.rescore.rescore import rescore


@pytest.fixture
def judged(bench, anywhere):
    b = bench(anywhere, model="toy?fail=0.2")
    committer(b.lake, b.run).commit([b.draw(unit) for unit in b.plan(8)])
    rescore(b.lake, "numeric", [b.run.run_id], workers=1)
    return b


def test_pass_at_k_of_a_lake_is_what_counting_its_rows_gives(judged):
    counts = {problem: [0, 0] for problem in judged.ids}
    for row in judged.lake.read("verdicts").to_pylist():
        counts[row["problem_id"]][0] += 1
        counts[row["problem_id"]][1] += row["status"] == "correct"
    failed = sum(row["error"] is not None for row in judged.lake.read("samples").to_pylist())
    assert 0 < failed < 24
    for row in judged.lake.query("pass_at_k", runs=["toys"]):
        k, used = row["k"], [(n, c) for n, c in counts.values() if n >= row["k"]]
        exact = sum(1 - Fraction(comb(n - c, k), comb(n, k)) for n, c in used) / len(used)
        assert row["pass_at_k"] == pytest.approx(float(exact), abs=1e-13)
        assert (row["problems"], row["errors"], row["timeouts"]) == (len(used), failed, 0)


def test_problems_and_runs_are_counted(judged):
    (run,) = judged.lake.query("runs")
    samples = judged.lake.read("samples")
    assert (run["run"], run["run_id"], run["problems"], run["samples"]) == ("toys", judged.run.run_id, 3, 24)
    assert run["tokens"] == sum(samples["tokens"].to_pylist())
    assert run["errors"] == 24 - samples["error"].null_count
    problems = judged.lake.query("problems", dataset="sums")
    assert [(p["problem_id"], p["answer"], p["samples"]) for p in problems] == [
        ("sum-0", "1", 8),
        ("sum-1", "3", 8),
        ("sum-2", "5", 8),
    ]


@pytest.mark.parametrize(
    ("name", "parameters", "said"),
    [
        ("nope", {}, "pass_at_k"),
        ("pass_at_k", {"k": 3}, "runs: runs, verifier: verifier, ks: ints"),
        ("runs", {"x": 1}, 'no parameter "x"; its parameters are none'),
        ("problems", {"datset": "d"}, 'no parameter "datset"'),
    ],
)
def test_an_unknown_query_or_parameter_is_refused_with_the_known_ones(bench, tmp_path, name, parameters, said):
    with pytest.raises(UsageError, match=said):
        bench(tmp_path / "lake").lake.query(name, **parameters)


def test_what_cannot_be_answered_says_what_to_do(bench, tmp_path):
    b = bench(tmp_path / "lake")
    with pytest.raises(SamplesError) as caught:
        b.lake.query("pass_at_k")
    assert str(caught.value) == (
        "run toys has no verdicts yet; add them: samples rescore --verifier numeric --run toys"
    )
    committer(b.lake, b.run).commit([b.draw(unit) for unit in b.plan(2)])
    rescore(b.lake, "numeric", [b.run.run_id], workers=1)
    with pytest.raises(SamplesError, match="-k 8 adds the missing ones"):
        b.lake.query("pass_at_k", ks=[8])
    with pytest.raises(SamplesError, match="at least 1"):
        b.lake.query("pass_at_k", ks=[0])


@pytest.mark.cases(3)
@pytest.mark.heavy
@pytest.mark.parametrize("name", ["none", "all", "only", "own", "each", "common", "null", "true", "0"])
def test_a_run_whose_name_is_a_word_of_some_default_is_a_run_like_others(lakes, tmp_path, name):
    lake = lakes.filled(tmp_path / "lake")
    lakes.add_run(lake, name, {"p1": "cccc", "p2": "wwww"})
    assert {row["run"] for row in lake.query("pass_at_k", runs=name)} == {name}
    assert {row["run"] for row in lake.query("lengths", runs=[name])} == {name}
    rows = lake.query("coverage", a=name, b="b").dicts()
    assert [(row["a"], row["b"], row["problems"]) for row in rows] == [(name, "b", count) for count in (1, 0, 0, 1)]
    rows = lake.query("efficiency_gap", base="a", runs=[name], ks=1).dicts()
    assert [(row["base"], row["run"], row["pass_at_1"]) for row in rows] == [("a", name, 0.5)]
    assert {row["run"] for row in lake.sql("FROM tallies", runs=name)} == {name}
    left = lake.query("pass_at_k", runs="a", ks=1, exclude_guessable=(name, 1)).dicts()
    assert [row["problems"] for row in left] == [3]
