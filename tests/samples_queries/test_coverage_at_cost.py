"""Coverage at a cost: the same tokens for every run, against all subsets of samples."""

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samples.errors import SamplesError
from samples_queries import Unanswerable

Runs = Mapping[str, Mapping[str, Sequence[tuple[int | None, bool]]]]

SAMPLES = st.lists(st.tuples(st.integers(1, 9), st.booleans()), min_size=1, max_size=6)
PROBLEMS = st.dictionaries(st.sampled_from("pqrs"), SAMPLES, min_size=1)


def connection(tallied, runs: Runs):
    """The views that the query reads, from (tokens, correct) per sample."""
    counts = {
        run: {problem: (len(some), sum(right for _, right in some)) for problem, some in problems.items()}
        for run, problems in runs.items()
    }
    to = tallied.connection(counts)
    to.execute("CREATE TABLE judged_perplexities (run VARCHAR, problem_id VARCHAR, tokens INTEGER, verdict VARCHAR)")
    for run, problems in runs.items():
        for problem, some in problems.items():
            for tokens, correct in some:
                verdict = "correct" if correct else "wrong"
                to.execute("INSERT INTO judged_perplexities VALUES ($1, $2, $3, $4)", [run, problem, tokens, verdict])
    return to


@pytest.mark.heavy
@settings(max_examples=40, deadline=None)
@given(PROBLEMS, st.lists(st.integers(1, 40), min_size=1, max_size=4))
def test_the_coverage_is_that_of_all_subsets_whose_expected_cost_is_the_budget(oracles, tallied, problems, budgets):
    to = connection(tallied, {"a": problems})
    spent = {problem: sum(tokens for tokens, _ in some) for problem, some in problems.items()}
    given = {"runs": ["a"], "verifier": "v", "budgets": budgets}
    if min(budgets) > max(spent.values()):
        with pytest.raises(Unanswerable, match="tokens is left out: the most tokens of a problem are"):
            tallied.answered("coverage_at_cost", to, **given)
        return
    rows = {row["budget"]: row for row in tallied.answered("coverage_at_cost", to, **given)}
    assert list(rows) == sorted({budget for budget in budgets if budget <= max(spent.values())})
    for budget, row in rows.items():
        found = [oracles.solved_at_cost(problems[p], budget) for p in problems if spent[p] >= budget]
        assert all(cost == budget for cost, _ in found)
        assert row["problems"] == len(found)
        assert row["coverage"] == pytest.approx(float(oracles.mean(solved for _, solved in found)), abs=1e-14)
        paid = [budget * len(problems[p]) / spent[p] for p in problems if spent[p] >= budget]
        assert row["mean_k"] == pytest.approx(sum(paid) / len(paid))
        assert row["low"] <= row["coverage"] <= row["high"]


LONG = {"p": [(1000, True), (1000, False)] * 8, "q": [(1000, False)] * 16}
SHORT = {"p": [(100, True), (100, False), (100, False), (100, False)] * 4, "q": [(100, False)] * 15 + [(100, True)]}


def test_runs_of_long_and_short_samples_are_compared_at_equal_cost(tallied):
    runs = {"long": LONG, "short": SHORT}
    to = connection(tallied, runs)
    given = {"runs": ["long", "short"], "verifier": "v", "problem_set": "common"}
    rows, notes = tallied.noted("coverage_at_cost", to, **given, budgets=None)
    assert notes == []
    assert [row["budget"] for row in rows if row["run"] == "long"] == [128, 256, 512, 1024, 1600]
    by = {(row["run"], row["budget"]): row for row in rows}
    assert by["long", 1600]["mean_k"] == pytest.approx(1.6)
    assert by["short", 1600]["mean_k"] == pytest.approx(16)
    assert by["short", 1600]["coverage"] == 1
    # half of the samples of p are correct: 1/2 after one, 1/2 + 1/2 * 8/15 after two
    assert by["long", 1600]["coverage"] == pytest.approx((0.4 * 0.5 + 0.6 * (0.5 + 0.5 * 8 / 15)) / 2)
    assert {row["problems"] for row in rows} == {2}


def test_problems_are_left_out_with_a_note_where_tokens_are_few_or_unknown(tallied):
    runs = {
        "a": {"p": [(10, True)] * 4, "q": [(10, False)] * 2, "r": [(10, True), (None, False)]},
        "b": {"p": [(20, True)] * 4, "q": [(20, False)] * 4, "r": [(20, True)] * 4},
    }
    given = {"runs": ["a", "b"], "verifier": "v"}
    to = connection(tallied, runs)
    rows, notes = tallied.noted("coverage_at_cost", to, **given, problem_set="common", budgets=[30, 90])
    assert [(row["run"], row["budget"], row["problems"], row["coverage"]) for row in rows] == [
        ("a", 30, 1, 1),
        ("b", 30, 1, 1),
    ]
    unknown, beyond, few = notes
    assert unknown == "d: 1 of 3 problems of a, b are left out: samples without a number of tokens"
    assert beyond.startswith(
        "d: a budget of 90 tokens is left out: the most tokens of a problem are 40 (a, b); draw more"
    )
    assert few.startswith(
        "d: 1 of 3 problems of a, b are left out: fewer than 30 tokens were drawn of them; --problem-set"
    )
    _, notes = tallied.noted("coverage_at_cost", to, **given, problem_set="common", budgets=None)
    assert notes[1] == (
        "d: the largest budget is 20 tokens, the fewest that were drawn of a problem (a, b); --budgets 40 asks about "
        "the problems that have 40"
    )
    each, notes = tallied.noted("coverage_at_cost", to, **given, problem_set="each", budgets=[20, 30, 80])
    assert [(row["run"], row["budget"], row["problems"]) for row in each] == [
        ("a", 20, 2),
        ("a", 30, 1),
        ("b", 20, 3),
        ("b", 30, 3),
        ("b", 80, 3),
    ]
    with pytest.raises(Unanswerable, match="budget = 0: expected at least 1 token"):
        tallied.answered("coverage_at_cost", to, **given, budgets=[0])


def test_a_note_names_a_run_whose_name_has_braces(tallied):
    runs = {"{runs} %s": {"p": [(10, True)] * 4, "q": [(None, False)] * 4}}
    given = {"runs": list(runs), "verifier": "v", "problem_set": "own", "budgets": None}
    _, notes = tallied.noted("coverage_at_cost", connection(tallied, runs), **given)
    assert notes == ["d: 1 of 2 problems of {runs} %s are left out: samples without a number of tokens"]


def test_a_run_of_counts_has_no_cost(tallied, tmp_path):
    lake = tallied.lake(tmp_path, {"a": {"p": (4, 1)}})
    with pytest.raises(SamplesError, match="a: only counts were imported; this needs samples"):
        lake.query("coverage_at_cost")


def test_a_lake_is_asked_with_its_own_budgets(filled):
    rows = filled.query("coverage_at_cost", budgets=[8, 16], problem_set="each").dicts()
    assert [(row["run"], row["budget"], row["problems"]) for row in rows] == [
        ("a", 8, 4),
        ("a", 16, 3),
        ("b", 8, 4),
        ("b", 16, 3),
    ]
