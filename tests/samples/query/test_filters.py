"""Filters hold in every view and question, and one that leaves nothing says what is there."""

import json
from decimal import Decimal

import pytest

from samples.errors import NotFound, UsageError
from samples_schemas import VIEWS

OF_PROBLEMS = [name for name, view in VIEWS.items() if "problem_id" in view.schema.names]
OF_RUNS = [name for name, view in VIEWS.items() if "run_id" in view.schema.names]

LEAVES = [
    ({"where": {"level": 5}}, {"p2", "p3"}),
    ({"where": {"level": [1, 5]}}, {"p1", "p2", "p3"}),
    ({"where": {"level": "5", "subject": "algebra"}}, {"p2"}),
    ({"where": {"source.year": 2024}}, {"p2"}),
    ({"where": {"easy": True}}, {"p3"}),
    ({"problems": ["p1", "p4"]}, {"p1", "p4"}),
    ({"problems": "p4, p1"}, {"p1", "p4"}),
    # Rates of run a: p1 3/4, p2 1/4, p3 and p4 0; of run b: p1 1, p3 1/3 of what was judged.
    ({"exclude_guessable": ("a", 0.25)}, {"p1", "p3", "p4"}),
    ({"exclude_guessable": ("a", 0.24)}, {"p1", "p2", "p3", "p4"}),
    ({"exclude_guessable": ("a", 0.75, "v")}, {"p3", "p4"}),
    ({"exclude_guessable": ("b", 1)}, {"p2", "p4"}),
    ({"exclude_guessable": ("b", 0.5), "where": {"level": 5}}, {"p2"}),
    ({"dataset": "d"}, {"p1", "p2", "p3", "p4"}),
]


def column(lake, view, name, **filters):
    return {row[name] for row in lake.sql(f"SELECT DISTINCT {name} FROM {view}", **filters)}


@pytest.mark.cases(60)
@pytest.mark.heavy
@pytest.mark.parametrize(("filters", "left"), LEAVES)
@pytest.mark.parametrize("view", OF_PROBLEMS)
def test_what_is_left_of_the_problems_is_the_same_in_every_view(filled, view, filters, left):
    assert column(filled, view, "problem_id", **filters) == column(filled, view, "problem_id") & left


@pytest.mark.cases(20)
@pytest.mark.heavy
@pytest.mark.parametrize(
    "filters", [{"runs": ["b"]}, {"runs": "b"}, {"labels": {"role": "rl"}}, {"labels": {"step": [100, 200]}}]
)
@pytest.mark.parametrize("view", OF_RUNS)
def test_what_is_left_of_the_runs_is_the_same_in_every_view(filled, view, filters):
    ids = column(filled, "runs", "run_id", runs=["b"])
    assert len(ids) == 1
    assert column(filled, view, "run_id", **filters) == column(filled, view, "run_id") & ids


def test_a_question_answers_for_what_is_left(filled):
    rows = filled.query("pass_at_k", ks=[1], where={"level": 5}).dicts()
    assert [(row["run"], row["problems"]) for row in rows] == [("a", 2), ("b", 2)]
    assert [row["pass_at_k"] for row in rows] == pytest.approx([(1 / 4 + 0) / 2, (0 + 1 / 3) / 2])
    rows = filled.query("pass_at_k", ks=[1], exclude_guessable=("a", 0.3), labels={"role": "rl"}).dicts()
    assert [(row["run"], row["problems"]) for row in rows] == [("b", 3)]
    assert rows[0]["pass_at_k"] == pytest.approx((1 + 1 / 3 + 0) / 3)
    pairs = filled.query("coverage", a="a", b="b", where={"level": 5}).dicts()
    assert {row["outcome"]: row["problem_ids"] for row in pairs if row["problems"]} == {
        "only_a": ["p2"],
        "only_b": ["p3"],
    }


def test_a_problem_whose_samples_all_failed_is_there_without_the_others(lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    lakes.add_run(lake, "c", {"p1": "cw", "p2": ""})
    (run,) = column(lake, "runs", "run_id", runs=["c"])
    failed = [{"problem_id": "p2", "sample_index": index, "error": "died", "attempt": "x"} for index in range(3)]
    lakes.append(lake, "samples", failed, dataset="d", run_id=run)
    asked = "SELECT verifier, n, c, errors FROM tallies WHERE run = 'c' AND problem_id = 'p2'"
    there = [{"verifier": "v", "n": 0, "c": 0, "errors": 3}]
    assert lake.sql(asked).dicts() == there
    assert lake.sql(asked, problems=["p2"]).dicts() == there
    assert lake.sql(asked, problems=["p1"]).dicts() == []


@pytest.fixture
def two_sets(lakes, tmp_path):
    """Two problem sets that share an id, and p1 of the first edited after its run was drawn."""
    lake = lakes.filled(tmp_path / "lake")
    lakes.add_problems(lake, "other", {"p1": '{"level": 5}', "q1": '{"level": 2}'})
    lakes.add_run(lake, "c", {"p1": "cc", "q1": "cw"}, dataset="other")
    edited = {"problem_id": "p1", "problem_hash": "edited", "question": "?", "answer": "c", "tests": None}
    lakes.append(lake, "problems", [{**edited, "metadata": json.dumps({"level": 7})}], dataset="d")
    return lake


@pytest.mark.parametrize("view", [*OF_PROBLEMS, "runs"])
def test_a_dataset_is_all_that_is_left_of_a_lake_of_two(two_sets, view):
    name = "dataset" if "dataset" in VIEWS[view].schema.names else "run_id"
    here = {"other"} if name == "dataset" else column(two_sets, "runs", "run_id", runs=["c"])
    assert column(two_sets, view, name, dataset="other") == column(two_sets, view, name) & here


def test_a_problem_is_the_version_that_its_run_was_drawn_for(two_sets):
    assert column(two_sets, "samples", "problem_id", where={"level": 1}) == {"p1"}
    with pytest.raises(NotFound, match="level=7; there are 1, 2, 5"):
        column(two_sets, "samples", "problem_id", where={"level": 7})


def test_a_problem_of_another_set_with_the_same_id_is_another(two_sets):
    left = two_sets.sql("SELECT DISTINCT dataset, problem_id FROM tallies ORDER BY ALL", where={"level": 5}).dicts()
    assert [(row["dataset"], row["problem_id"]) for row in left] == [("d", "p2"), ("d", "p3"), ("other", "p1")]


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        ({"dataset": "nope"}, 'no run of dataset "nope"; there are d'),
        ({"runs": ["nope"]}, 'no run "nope"; runs there: a, b'),
        ({"labels": {"colour": "red"}}, 'label "colour"; labels are family, role, algorithm, step'),
        ({"labels": {"role": "judge"}}, "role=judge; there are base, rl"),
        ({"labels": {"role": "base", "step": 100}}, "no run passes all of these filters"),
        ({"where": {"depth": 1}}, '"depth"; keys are easy, level, source, subject'),
        ({"where": {"": 1}}, 'metadata key ""; keys are easy'),
        ({"where": {'level\\"': 1}}, r'metadata key "level\\""'),
        ({"where": {"level\\": 1}}, "metadata key"),
        ({"where": {"..": 1}}, r'metadata key "\.\."'),
        ({"where": {"level": [8, 9]}}, "level=8 or 9; there are 1, 5"),
        ({"where": {"level": 1, "subject": "geometry"}}, "no problem passes all of these filters"),
        ({"problems": ["p1", "p9"]}, 'no problem "p9" in the chosen runs; there are p1, p2, p3, p4'),
        ({"problems": ["p2"], "exclude_guessable": ("a", 0.5)}, "no problem passes all of these filters"),
        ({"exclude_guessable": ("nope", 0.5)}, 'no run "nope"'),
        ({"exclude_guessable": ("a", 0.5, "math")}, "math"),
    ],
)
def test_what_is_not_there_is_said_with_what_is(filled, filters, said):
    for ask in (lambda: filled.sql("SELECT * FROM tallies", **filters), lambda: filled.query("pass_at_k", **filters)):
        with pytest.raises(NotFound, match=said):
            ask()


@pytest.mark.parametrize(
    "filters", [{"colour": "red"}, {"exclude_guessable": ("a", 0)}, {"exclude_guessable": ("a", 1.5)}]
)
def test_what_cannot_be_meant_is_refused(filled, filters):
    with pytest.raises(UsageError):
        filled.sql("SELECT * FROM tallies", **filters)


def counted(lakes, lake, run, counts, dataset="d"):
    lakes.add_run(lake, run, {}, dataset=dataset)
    (run_id,) = column(lake, "runs", "run_id", runs=[run])
    rows = [{"problem_id": p, "n": n, "c": c, "errors": 0, "timeouts": 0} for p, (n, c) in counts.items()]
    lakes.append(lake, "counts", rows, verifier="v", run_id=run_id)


@pytest.mark.parametrize("form", [float, Decimal])
def test_the_bound_of_what_is_guessable_is_included_as_it_is_written(lakes, tmp_path, form):
    lake = lakes.filled(tmp_path / "lake")
    below = [hundredth for hundredth in range(1, 101) if hundredth / 100 * 100 < hundredth]
    assert 29 in below, "where floats fail"
    for hundredth in below:
        counted(lakes, lake, f"g{hundredth}", {"p1": (100, hundredth), "p2": (100, hundredth + 1), "p3": (100, 0)})
        left = column(
            lake, "tallies", "problem_id", runs="a", exclude_guessable=(f"g{hundredth}", form(f"{hundredth / 100}"))
        )
        assert left == {"p2", "p3", "p4"}


def test_a_run_of_another_dataset_cannot_say_what_is_guessable(two_sets):
    said = r"c has no problem of d, it is of other; name a run of the same problems"
    with pytest.raises(NotFound, match=said):
        two_sets.query("pass_at_k", runs="a", exclude_guessable=("c", 0.5))
    with pytest.raises(NotFound, match=said):
        two_sets.sql("FROM tallies", dataset="d", exclude_guessable=("c", 1))
    left = column(two_sets, "tallies", "problem_id", exclude_guessable=("c", 0.5))
    assert left == {"p1", "p2", "p3", "p4"}, "one dataset of the two is its own"
