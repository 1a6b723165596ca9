"""Coverage, support and histograms: the published sets and shares, and every count that could be forgotten."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samples.errors import SamplesError
from samples_queries import Unanswerable
from samples_queries.asking import ask

OUTCOMES = ["both", "only_a", "only_b", "neither"]
BASE = "0 1 4 6 7 8 9 11 12 14 15 16 17 18 19 22 23 24 25 26 27 28 29"
TRAINED = "0 1 6 7 8 9 12 14 15 16 18 22 23 24 25 26 27 28 29"
TALLIES = st.dictionaries(
    st.sampled_from("pqrstuvw"), st.integers(0, 12).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n)))
)


def asked(tallied, name, tallies, **parameters):
    to = tallied.connection(tallies)
    common = {"problem_set": "common"} if name in {"coverage_many", "accuracy_histogram"} else {}
    return ask(to, name, {"verifier": "v", **common, **parameters}).rows.to_pylist()


def solving(ids, problems=30, n=1024):
    solved = {int(index) for index in ids.split()}
    return {str(index): (n, int(index in solved)) for index in range(problems)}


def test_aime24_is_covered_as_published(tallied, tmp_path):
    lake = tallied.lake(tmp_path, {"base": solving(BASE), "rl": solving(TRAINED)})
    rows = lake.query("coverage", a="base", b="rl").dicts()
    assert [(row["outcome"], row["problems"]) for row in rows] == list(zip(OUTCOMES, [19, 4, 0, 7], strict=True))
    assert sorted(map(int, rows[1]["problem_ids"])) == [4, 11, 17, 19]
    assert [row["share"] for row in rows] == pytest.approx([19 / 30, 4 / 30, 0, 7 / 30])
    assert rows[2]["problem_ids"] == []
    many = lake.query("coverage_many").dicts()
    assert [(row["solved_by"], row["problems"]) for row in many] == [(["base", "rl"], 19), (["base"], 4), ([], 7)]
    (row,) = lake.query("support", a="base", b="rl").dicts()
    assert (row["p"], row["e"], row["s"], row["srr"]) == (19, 0, 4, pytest.approx(19 / 23))


def test_support_is_as_published(tallied):
    """(P, E, S) = (138, 12, 34): SRR .802, NDR .080, SDS .145, NSCR -.120."""
    base = {f"p{i}": (256, int(i < 138 or 150 <= i < 184)) for i in range(300)}
    trained = {f"p{i}": (256, int(i < 150)) for i in range(300)}
    (row,) = asked(tallied, "support", {"a": base, "b": trained}, a="a", b="b", threshold=1)
    assert (row["p"], row["e"], row["s"], row["unpaired"]) == (138, 12, 34, 0)
    assert {name: round(row[name], 3) for name in ("srr", "ndr", "sds", "nscr")} == {
        "srr": 0.802,
        "ndr": 0.080,
        "sds": 0.145,
        "nscr": -0.120,
    }


def test_a_ratio_to_nothing_is_null(tallied):
    unsolved, solved = {"p": (4, 0)}, {"p": (4, 1)}
    cases = {
        ("x", "x"): (None, None, None, None),
        ("x", "y"): (None, 1, None, 1),
        ("y", "x"): (0, None, None, -1),
        ("y", "y"): (1, 0, 0, 0),
    }
    for (a, b), expected in cases.items():
        (row,) = asked(tallied, "support", {"x": unsolved, "y": solved}, a=a, b=b, threshold=1)
        assert tuple(row[name] for name in ("srr", "ndr", "sds", "nscr")) == expected


@settings(max_examples=40, deadline=None)
@given(TALLIES, TALLIES, st.integers(1, 4))
def test_coverage_and_support_of_any_counts(oracles, tallied, a, b, threshold):
    rows = asked(tallied, "coverage", {"a": a, "b": b}, a="a", b="b", threshold=threshold)
    verified = {problem for run in (a, b) for problem, (n, _) in run.items() if n}
    if not verified:
        assert rows == []
        return
    expected = oracles.coverage(a, b, threshold)
    assert {row["outcome"]: row["problem_ids"] for row in rows} == expected
    assert [row["outcome"] for row in rows] == OUTCOMES
    total = sum(map(len, expected.values()))
    for row in rows:
        assert row["problems"] == len(row["problem_ids"])
        assert row["share"] == (row["problems"] / total if total else None)
        assert row["unpaired"] == len(verified) - total
    (found,) = asked(tallied, "support", {"a": a, "b": b}, a="a", b="b", threshold=threshold)
    ratios = oracles.support(*(len(expected[outcome]) for outcome in ("both", "only_b", "only_a")))
    assert {name: found[name] for name in ratios} == {
        name: ratio if ratio is None else pytest.approx(float(ratio)) for name, ratio in ratios.items()
    }
    assert found["unpaired"] == len(verified) - total


def test_problems_of_another_version_are_not_paired(tallied, tmp_path):
    lake = tallied.lake(tmp_path, {"a": {"p": (4, 1), "q": (4, 0)}})
    tallied.add_run(lake, "b", {"p": (4, 1)}, version="2")
    tallied.add_run(lake, "c", {"p": (4, 1)})
    rows = lake.query("coverage", a="a", b="b").dicts()
    assert [(row["problems"], row["share"], row["unpaired"]) for row in rows] == [(0, None, 2)] * 4
    assert [row["problems"] for row in lake.query("coverage", a="a", b="c").dicts()] == [1, 0, 0, 0]
    assert lake.query("support", a="a", b="b").dicts()[0]["unpaired"] == 2
    with pytest.raises(SamplesError, match=r"in each of a, b, c \(1 are there in different versions\)"):
        lake.query("coverage_many")


def test_runs_of_two_datasets_share_no_problem(tallied, tmp_path):
    lake = tallied.lake(tmp_path, {"a": {"p": (4, 1)}})
    tallied.add_run(lake, "b", {"p": (4, 1)}, dataset="e")
    rows = lake.query("coverage", a="a", b="b").dicts()
    assert [(row["dataset"], row["outcome"], row["problems"], row["unpaired"]) for row in rows] == [
        (dataset, outcome, 0, 1) for dataset in "de" for outcome in OUTCOMES
    ]
    many = lake.query("coverage_many").dicts()
    assert [(row["dataset"], row["solved_by"], row["runs"]) for row in many] == [
        ("d", ["a"], ["a"]),
        ("d", [], ["a"]),
        ("e", ["b"], ["b"]),
        ("e", [], ["b"]),
    ]


@settings(max_examples=40, deadline=None)
@given(st.lists(TALLIES, min_size=1, max_size=4), st.integers(1, 3))
def test_the_sets_of_runs_that_solve_a_problem(oracles, tallied, several, threshold):
    runs = {f"r{index}": tallies for index, tallies in enumerate(several)}
    judged = {run: tallies for run, tallies in runs.items() if any(n for n, _ in tallies.values())}
    shared = set.intersection(*({p for p, (n, _) in tallies.items() if n} for tallies in several))
    if not shared:
        with pytest.raises(Unanswerable, match=r"yet; add them|is verified in each of"):
            asked(tallied, "coverage_many", runs, runs=list(runs), threshold=threshold)
        return
    rows = asked(tallied, "coverage_many", runs, runs=list(runs), threshold=threshold)
    expected = {frozenset(): [], **oracles.coverage_many(judged, threshold)}
    assert {frozenset(row["solved_by"]): row["problem_ids"] for row in rows} == expected
    assert len(rows) == len(expected)
    verified = {problem for tallies in judged.values() for problem, (n, _) in tallies.items() if n}
    assert {row["unpaired"] for row in rows} == {len(verified) - sum(map(len, expected.values()))}
    assert all(row["runs"] == sorted(judged) and row["solved_by"] == sorted(row["solved_by"]) for row in rows)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 1000).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))), min_size=1))
def test_the_histogram_of_any_counts(oracles, tallied, counts):
    verified = sum(n > 0 for n, _ in counts)
    if not verified:
        with pytest.raises(Unanswerable, match="run a has no verdicts of v yet"):
            asked(tallied, "accuracy_histogram", {"a": tallied.of(counts)}, runs=["a"])
        return
    rows = asked(tallied, "accuracy_histogram", {"a": tallied.of(counts)}, runs=["a"])
    assert [row["problems"] for row in rows] == oracles.histogram(counts)
    assert all(row["share"] == row["problems"] / verified for row in rows)


def test_the_bins_are_those_of_the_paper_and_their_edges_belong_below(oracles, tallied, tmp_path):
    counts = [(10, c) for c in range(11)] + [(1000, 1), (1000, 999), (1000, 301), (3, 3), (0, 0)]
    rows = tallied.lake(tmp_path, {"a": tallied.of(counts)}).query("accuracy_histogram").dicts()
    tenths = [f"({'0' if low == 0 else f'.{low}'},.{low + 1}]" for low in range(9)]
    assert [row["bin"] for row in rows] == ["0", *tenths, "(.9,1)", "1"]
    assert [row["place"] for row in rows] == list(range(12))
    assert [row["problems"] for row in rows] == [1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 1, 2] == oracles.histogram(counts)


def test_no_two_outcomes_share_a_problem(filled):
    rows = filled.query("coverage", a="a", b="b").dicts()
    assert Counter(problem for row in rows for problem in row["problem_ids"]).most_common(1)[0][1] == 1
    assert [row["problem_ids"] for row in rows] == [["p1"], ["p2"], ["p3"], ["p4"]]
    strict = filled.query("coverage", a="a", b="b", threshold=2).dicts()
    assert [row["problem_ids"] for row in strict] == [["p1"], [], [], ["p2", "p3", "p4"]]
