"""Coverage, support and histograms: the published sets and shares, and every count that could be forgotten."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samples.errors import SamplesError
from samples_queries import Unanswerable
from samples_queries.asking import ask

pytestmark = pytest.mark.heavy

OUTCOMES = ["both", "only_a", "only_b", "neither"]
BASE = "0 1 4 6 7 8 9 11 12 14 15 16 17 18 19 22 23 24 25 26 27 28 29"
TRAINED = "0 1 6 7 8 9 12 14 15 16 18 22 23 24 25 26 27 28 29"
TALLIES = st.dictionaries(
    st.sampled_from("pqrstuvw"), st.integers(0, 12).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n)))
)


def asked(tallied, name, tallies, **parameters):
    return answered(tallied, name, tallies, **parameters).rows.to_pylist()


def answered(tallied, name, tallies, **parameters):
    to = tallied.connection(tallies)
    thinned = {} if name == "accuracy_histogram" else {"at_n": None}
    if name == "support" and isinstance(parameters["threshold"], int):
        parameters["threshold"] = [parameters["threshold"]]
    return ask(to, name, {"verifier": "v", "problem_set": "common", **thinned, **parameters})


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


APART = r"is verified in each of a, b|no verdicts of v yet"


@settings(max_examples=40, deadline=None)
@given(TALLIES, TALLIES, st.integers(1, 4))
def test_coverage_and_support_of_any_counts(oracles, tallied, a, b, threshold):
    expected = oracles.coverage(a, b, threshold)
    total = sum(map(len, expected.values()))
    if not total:
        with pytest.raises(Unanswerable, match=APART):
            asked(tallied, "coverage", {"a": a, "b": b}, a="a", b="b", threshold=threshold)
        return
    rows = asked(tallied, "coverage", {"a": a, "b": b}, a="a", b="b", threshold=threshold)
    verified = {problem for run in (a, b) for problem, (n, _) in run.items() if n}
    assert {row["outcome"]: row["problem_ids"] for row in rows} == expected
    assert [row["outcome"] for row in rows] == OUTCOMES
    unsolved = {"a": ("only_b", "neither"), "b": ("only_a", "neither")}
    for row in rows:
        assert row["problems"] == len(row["problem_ids"])
        assert row["share"] == row["problems"] / total
        assert row["unpaired"] == len(verified) - total
        for name, run in (("a", a), ("b", b)):
            here = [run[problem] for problem in row["problem_ids"]]
            assert row[f"n_{name}"] == min((n for n, _ in here), default=None)
            bound = max((oracles.most_likely(*count) for count in here), default=None)
            known = bound is not None and row["outcome"] in unsolved[name]
            assert row[f"p_most_{name}"] == (pytest.approx(bound, abs=1e-9) if known else None)
        p_value = oracles.mcnemar(len(expected["only_a"]), len(expected["only_b"]))
        assert row["p_value"] == pytest.approx(float(p_value), rel=1e-13)
    (found,) = asked(tallied, "support", {"a": a, "b": b}, a="a", b="b", threshold=threshold)
    ratios = oracles.support(*(len(expected[outcome]) for outcome in ("both", "only_b", "only_a")))
    assert {name: found[name] for name in ratios} == {
        name: ratio if ratio is None else pytest.approx(float(ratio)) for name, ratio in ratios.items()
    }
    paired = [problem for problems in expected.values() for problem in problems]
    assert (found["n_a"], found["n_b"]) == tuple(min(run[problem][0] for problem in paired) for run in (a, b))
    assert found["unpaired"] == len(verified) - total


@settings(max_examples=30, deadline=None)
@given(TALLIES, TALLIES, st.sampled_from([None, 1, 3]))
def test_support_at_every_threshold_is_that_of_each_alone(oracles, tallied, a, b, at_n):
    paired = [p for p in a.keys() & b.keys() if min(a[p][0], b[p][0]) >= (at_n or 1)]
    if not paired:
        return
    given = {"a": "a", "b": "b", "at_n": at_n}
    rows = asked(tallied, "support", {"a": a, "b": b}, **given, threshold=[])
    most = at_n or min(n for run in (a, b) for n in (run[p][0] for p in paired))
    assert [row["threshold"] for row in rows] == list(range(1, most + 1))
    for row in rows:
        if at_n is None:
            expected = {outcome: len(ids) for outcome, ids in oracles.coverage(a, b, row["threshold"]).items()}
        else:
            expected = oracles.thinned_coverage(a, b, at_n, row["threshold"])
        kept, gained, lost = (expected[outcome] for outcome in ("both", "only_b", "only_a"))
        assert [row[name] for name in "pes"] == pytest.approx([float(n) for n in (kept, gained, lost)], abs=1e-12)
        assert row["problems"] == len(paired)
        for name, ratio in oracles.support(kept, gained, lost).items():
            assert row[name] == (ratio if ratio is None else pytest.approx(float(ratio), abs=1e-12))
    some = asked(tallied, "support", {"a": a, "b": b}, **given, threshold=[2, 1, 2])
    assert [row["threshold"] for row in some] == [1, 2]


@settings(max_examples=40, deadline=None)
@given(TALLIES, TALLIES, st.integers(1, 8), st.integers(1, 4), st.sampled_from(["common", "own", "each"]))
def test_thinning_gives_the_expected_counts_over_all_subsets(oracles, tallied, a, b, size, threshold, mode):
    given = {"a": "a", "b": "b", "threshold": threshold, "at_n": size, "problem_set": mode}
    expected = oracles.thinned_coverage(a, b, size, threshold)
    total = sum(expected.values())
    if not total:
        with pytest.raises(Unanswerable, match=rf"{APART}|k = {size} is left out"):
            asked(tallied, "coverage", {"a": a, "b": b}, **given)
        return
    rows = asked(tallied, "coverage", {"a": a, "b": b}, **given)
    assert {row["outcome"]: row["problems"] for row in rows} == {
        outcome: pytest.approx(float(count), abs=1e-12) for outcome, count in expected.items()
    }
    most = oracles.most_likely(size, min(threshold - 1, size))
    for row in rows:
        assert row["share"] == pytest.approx(float(expected[row["outcome"]] / total), abs=1e-12)
        assert (row["n_a"], row["n_b"], row["problem_ids"], row["p_value"]) == (size, size, None, None)
        assert row["p_most_a"] == (pytest.approx(most) if row["outcome"] in {"only_b", "neither"} else None)
        assert row["p_most_b"] == (pytest.approx(most) if row["outcome"] in {"only_a", "neither"} else None)
    (found,) = asked(tallied, "support", {"a": a, "b": b}, **given)
    kept, gained, lost = (expected[outcome] for outcome in ("both", "only_b", "only_a"))
    assert [found[name] for name in "pes"] == pytest.approx([float(kept), float(gained), float(lost)], abs=1e-12)
    for name, ratio in oracles.support(kept, gained, lost).items():
        assert found[name] == (ratio if ratio is None else pytest.approx(float(ratio), abs=1e-12))
    assert (found["n_a"], found["n_b"]) == (size, size)


def test_thinning_to_all_samples_counts_the_same_problems(tallied):
    runs = {"a": tallied.of([(8, 0), (8, 1), (8, 2), (8, 8)]), "b": tallied.of([(8, 0), (8, 0), (8, 1), (8, 3)])}
    for threshold in (1, 2, 8, 9):
        given = {"a": "a", "b": "b", "threshold": threshold}
        drawn, thinned = (asked(tallied, "coverage", runs, **given, at_n=at_n) for at_n in (None, 8))
        assert [row["problems"] for row in drawn] == [row["problems"] for row in thinned]


def test_runs_with_unequal_numbers_of_samples_have_a_note_until_they_are_thinned(tallied):
    runs = {"a": {"p": (128, 0), "q": (64, 1)}, "b": {"p": (1024, 1), "q": (1024, 0)}}
    for name in ("coverage", "support"):
        (note,) = answered(tallied, name, runs, a="a", b="b", threshold=1).notes
        assert note == (
            "d: verified samples of a problem are a 64 to 128, b 1024; at least 1 correct of more samples is easier; "
            "--at-n 64 takes 64 samples of each problem"
        )
        assert not answered(tallied, name, runs, a="a", b="b", threshold=1, at_n=64).notes
        left = answered(tallied, name, runs, a="a", b="b", threshold=1, at_n=100).notes
        assert left[0].startswith("d: 1 of 2 problems of a are left out: 1 with fewer than 100 verified samples")
    rows = asked(tallied, "coverage", runs, a="a", b="b", threshold=1)
    assert [(row["n_a"], row["n_b"]) for row in rows] == [(None, None), (64, 1024), (128, 1024), (None, None)]
    assert rows[1]["p_most_b"] == pytest.approx(1 - 0.05 ** (1 / 1024))
    assert rows[2]["p_most_a"] == pytest.approx(1 - 0.05 ** (1 / 128))
    for name in ("threshold", "at_n"):
        with pytest.raises(Unanswerable, match=f"{name} = 0: expected at least 1"):
            asked(tallied, "coverage", runs, **{"a": "a", "b": "b", "threshold": 1, name: 0})


@pytest.mark.parametrize(("only_a", "only_b"), [(0, 0), (1, 0), (9, 1), (4, 0), (3_000, 3_200), (0, 1_000)])
def test_mcnemars_test_is_exact(oracles, tallied, only_a, only_b):
    counts = {"a": tallied.of([(1, 1)] * only_a + [(1, 0)] * (only_b + 1))}
    counts["b"] = tallied.of([(1, 0)] * only_a + [(1, 1)] * only_b + [(1, 0)])
    (row, *_) = asked(tallied, "coverage", counts, a="a", b="b", threshold=1)
    assert row["p_value"] == pytest.approx(float(oracles.mcnemar(only_a, only_b)), rel=1e-12)


def test_problems_of_another_version_are_not_paired(tallied, tmp_path):
    lake = tallied.lake(tmp_path, {"a": {"p": (4, 1), "q": (4, 0)}})
    tallied.add_run(lake, "b", {"p": (4, 1)}, version="2")
    tallied.add_run(lake, "c", {"p": (4, 1)})
    for name in ("coverage", "support"):
        with pytest.raises(SamplesError, match=r"in each of a, b \(1 are there in different versions\)"):
            lake.query(name, a="a", b="b")
    assert [row["problems"] for row in lake.query("coverage", a="a", b="c").dicts()] == [1, 0, 0, 0]
    assert lake.query("support", a="a", b="c").dicts()[0]["unpaired"] == 1
    with pytest.raises(SamplesError, match=r"in each of a, b, c \(1 are there in different versions\)"):
        lake.query("coverage_many")


def test_runs_of_two_datasets_share_no_problem(tallied, tmp_path):
    lake = tallied.lake(tmp_path, {"a": {"p": (4, 1)}})
    tallied.add_run(lake, "b", {"p": (4, 1)}, dataset="e")
    for name in ("coverage", "support"):
        with pytest.raises(SamplesError, match="no problem of d is verified in each of a, b"):
            lake.query(name, a="a", b="b")
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
    for row in rows:
        fewest = [min((runs[run][p][0] for p in row["problem_ids"]), default=None) for run in row["runs"]]
        assert row["n"] == (fewest if row["problem_ids"] else None)


@settings(max_examples=30, deadline=None)
@given(TALLIES, TALLIES, st.integers(1, 8), st.integers(1, 3))
def test_thinned_sets_of_two_runs_are_the_thinned_outcomes(tallied, a, b, size, threshold):
    given = {"threshold": threshold, "at_n": size}
    try:
        two = asked(tallied, "coverage", {"a": a, "b": b}, a="a", b="b", **given)
    except Unanswerable as error:
        with pytest.raises(Unanswerable, match=str(error)[:12]):
            asked(tallied, "coverage_many", {"a": a, "b": b}, runs=["a", "b"], **given)
        return
    many = asked(tallied, "coverage_many", {"a": a, "b": b}, runs=["a", "b"], **given)
    outcomes = {("a", "b"): "both", ("a",): "only_a", ("b",): "only_b", (): "neither"}
    found = {outcomes[tuple(row["solved_by"])]: (row["problems"], row["share"]) for row in many}
    assert found == {
        row["outcome"]: (pytest.approx(row["problems"]), pytest.approx(row["share"]))
        for row in two
        if row["problems"] or row["outcome"] == "neither"
    }
    assert all((row["n"], row["problem_ids"]) == ([size, size], None) for row in many)


def test_thinned_sets_of_three_runs_add_up_and_a_note_says_that_n_differ(tallied):
    runs = {run: tallied.of([(n, n // 4), (n, 1)]) for run, n in (("a", 4), ("b", 8), ("c", 8))}
    given = {"runs": ["a", "b", "c"], "threshold": 1}
    (note,) = answered(tallied, "coverage_many", runs, **given).notes
    assert "a 4, b 8, c 8" in note
    thinned = answered(tallied, "coverage_many", runs, **given, at_n=2)
    assert not thinned.notes
    rows = thinned.rows.to_pylist()
    assert len(rows) == 8
    assert sum(row["problems"] for row in rows) == pytest.approx(2)
    # two of four hold the one correct sample with 1/2; of eight with 1/4, or one of two with 1 - 15/28
    assert rows[0]["solved_by"] == ["a", "b", "c"]
    assert rows[0]["problems"] == pytest.approx(1 / 2 * (13 / 28) ** 2 + 1 / 2 * (1 / 4) ** 2)


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
