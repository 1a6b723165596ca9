"""An answer for each value of a key is what the filter `where` gives, value by value; a label of runs is a column."""

import json
import random
from fractions import Fraction
from math import comb

import pytest

import samples_queries
from samples.errors import SamplesError, UsageError
from samples.query.grouping import MOST, natural

pytestmark = pytest.mark.heavy

TAKING = [name for name in samples_queries.NAMES if "by" in {one.name for one in samples_queries.header(name).takes}]
FILTERED = [
    {},
    pytest.param({"where": {"of.parity": 1}}, marks=pytest.mark.nightly),
    pytest.param({"problems": "g0,g1,g4,g8,g9"}, marks=pytest.mark.nightly),
]
LEVELS = [2, 10, 10, 1.5, "x10", "x2", True, ["a", "b"], None, "absent", 2, 10]
KEYS = {
    "a.b": "dotted", 'a"b': "quoted", "a'; DROP TABLE kept; --": "hostile", "a\\": "backslash", "*": "star",
    "": "empty", "~1/": "pointer", "$.level": "path", "é ü": "letters", "run": "a column",
}  # fmt: skip


def metadata(number: int) -> str:
    level = LEVELS[number]
    content = {} if level == "absent" else {"level": level}
    return json.dumps({**content, "of": {"parity": number % 2}, **dict.fromkeys(KEYS, str(number % 3))})


@pytest.fixture(scope="module")
def graded(lakes, tmp_path_factory):
    """A lake of twelve problems with all kinds of levels, and three runs with ragged samples of them."""
    lake = lakes.filled(tmp_path_factory.mktemp("graded") / "lake")
    problems = [f"g{number}" for number in range(len(LEVELS))]
    lakes.add_problems(lake, "graded", {problem: metadata(number) for number, problem in enumerate(problems)})
    draw = random.Random(7)
    labels = {"x": {"step": "1000"}, "y": {"step": "50"}, "z": {"algorithm": "grpo"}}
    for run, given in labels.items():
        statuses = {problem: "".join(draw.choices("cwnet", k=draw.randint(2, 6))) for problem in problems}
        statuses["g3"] = "ee"  # no verified sample
        lakes.add_run(lake, run, statuses, dataset="graded", **given)
    return lake


def asked(name):
    names = {one.name for one in samples_queries.header(name).params if one.required}
    pair = {"a": "x", "b": "y"} if {"a", "b"} <= names else {"dataset": "graded"}
    return pair | scored(name)


def scored(name):
    required = {one.kind for one in samples_queries.header(name).params if one.required}
    return {"scorer": "s"} if "scorer" in required else {}


@pytest.mark.cases(5)
@pytest.mark.heavy
@pytest.mark.parametrize("filters", FILTERED)
@pytest.mark.parametrize("name", TAKING)
def test_the_answer_by_a_key_is_the_answer_where_it_has_each_value(graded, name, filters):
    told = graded.query(name, by="level", **asked(name), **filters)
    found = told.dicts()
    assert tuple(told.columns) == ("level", *samples_queries.header(name).columns)
    values = list(dict.fromkeys(row["level"] for row in found))
    order = ["1.5", "2", "10", '["a","b"]', "true", "x2", "x10", None]
    assert values == [value for value in order if value in values]
    for value in values[: None if None not in values else -1]:
        where = {**filters.get("where", {}), "level": value}
        expected = graded.query(name, **asked(name), **{**filters, "where": where}).dicts()
        assert [row for row in found if row["level"] == value] == [{"level": value, **row} for row in expected]
    if not filters:
        assert "2 problems have no level: the column is NULL for them" in told.notes
        expected = graded.query(name, **asked(name), problems="g8,g9").dicts()
        assert [row for row in found if row["level"] is None] == [{"level": None, **row} for row in expected]


@pytest.mark.parametrize("key", ["of.parity", *KEYS])
def test_pass_at_k_by_any_key_is_the_mean_over_the_problems_of_each_value(graded, key):
    rows = graded.query("pass_at_k", by=key, ks=[1, 2], dataset="graded", problem_set="each").dicts()
    tallies = graded.sql("SELECT run, problem_id, n, c FROM tallies", dataset="graded").dicts()
    column, modulus = "by_run" if key == "run" else key, 2 if key == "of.parity" else 3
    found = {(row[column], row["run"], row["k"]): (row["problems"], row["pass_at_k"]) for row in rows}
    expected = {}
    for run in "xyz":
        for value in map(str, range(modulus)):
            for k in (1, 2):
                kept = [row for row in tallies if row["run"] == run and row["n"] >= k]
                kept = [row for row in kept if str(int(row["problem_id"][1:]) % modulus) == value]
                here = [1 - Fraction(comb(row["n"] - row["c"], k), comb(row["n"], k)) for row in kept]
                expected[value, run, k] = (len(here), pytest.approx(float(sum(here) / len(here)), abs=1e-13))
    assert found == expected


def test_a_group_without_a_verified_sample_is_left_out_with_a_note(graded):
    told = graded.query("pass_at_k", by="level", runs="x,y")
    assert "1.5" not in {row["level"] for row in told}
    (note,) = [note for note in told.notes if note.startswith("level=1.5: left out")]
    assert "a run has no verified sample of these problems" in note
    with pytest.raises(SamplesError, match="no verdicts of v"):
        graded.query("pass_at_k", by="level", runs="x,y", problems="g3")


def test_a_note_about_every_group_is_said_once_and_others_name_their_groups(graded):
    rows = graded.query("pass_at_k", by="subject", runs="a", problems="p1,p2,p3", ks=[1, 100], problem_set="each")
    (note,) = rows.notes
    assert note.startswith("d: k = 100 is left out: the most verified samples of a problem are 4 (a)")
    notes = graded.query("pass_at_k", by="level", runs="x,y", ks=[1, 100], problem_set="each").notes
    assert any(note.startswith("level=2, true, x2: graded: k = 100 is left out") for note in notes)
    assert any(note.startswith("without level: graded: k = 100 is left out") for note in notes)
    assert len(notes) == len(set(notes))


def test_a_single_group_is_an_answer_too(graded):
    rows = graded.query("accuracy_histogram", by="level", dataset="graded", where={"level": 10}).dicts()
    assert {row["level"] for row in rows} == {"10"}
    assert rows == [
        {"level": "10", **row} for row in graded.query("accuracy_histogram", dataset="graded", where={"level": 10})
    ]


@pytest.mark.parametrize("name", [name for name in TAKING if "run" in samples_queries.header(name).columns])
def test_a_label_is_a_column_and_the_runs_keep_one_set_of_problems(graded, name):
    told = graded.query(name, by="step", runs="x,y,z", **scored(name))
    plain = graded.query(name, runs="x,y,z", **scored(name))
    assert told.columns == ["step", *plain.columns]
    assert told.notes == plain.notes
    assert list(dict.fromkeys((row["step"], row["run"]) for row in told)) == [("50", "y"), ("1000", "x"), (None, "z")]
    for run in "xyz":
        rest = [{key: value for key, value in row.items() if key != "step"} for row in told if row["run"] == run]
        assert rest == [row for row in plain if row["run"] == run]


@pytest.mark.parametrize("name", ["compare", "coverage"])
def test_a_question_about_two_runs_has_the_label_of_each(graded, name):
    told, plain = (graded.query(name, a="x", b="z", **by) for by in ({"by": "step"}, {}))
    assert told.columns == ["step_a", "step_b", *plain.columns]
    assert {(row["step_a"], row["step_b"]) for row in told} == {("1000", None)}
    assert [dict(list(row.items())[2:]) for row in told] == plain.dicts()


def test_a_key_of_both_needs_a_word_that_says_which(lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    lake.label("a", level="low", **{"label:easy": "yes"})
    with pytest.raises(UsageError, match='say "label:level" or "metadata:level"'):
        lake.query("pass_at_k", by="level")
    rows = lake.query("pass_at_k", by="label:level", ks=1).dicts()
    assert [(row["level"], row["run"]) for row in rows] == [("low", "a"), (None, "b")]
    rows = lake.query("pass_at_k", by="metadata:level", ks=1, runs="a").dicts()
    assert [(row["level"], row["problems"]) for row in rows] == [("1", 1), ("5", 2), (None, 1)]
    rows = lake.query("pass_at_k", by="label:easy", ks=1).dicts()
    assert [(row["label:easy"], row["run"]) for row in rows] == [("yes", "a"), (None, "b")]


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        (
            "pass_at_k",
            {"by": "levl"},
            r'did you mean "level"\?.*metadata keys are easy, level, source, subject; labels',
        ),
        ("pass_at_k", {"by": "stp"}, r'did you mean "step"\?'),
        ("pass_at_k", {"by": "step", "runs": "a"}, 'by "step": neither'),
        ("pass_at_k", {"by": "level", "problems": "p4"}, 'by "level": neither'),
        ("pass_at_k", {"by": "metadata:step"}, "neither"),
        ("pass_at_k", {"by": "label:level"}, "neither"),
        ("majority", {"by": "level"}, "majority cannot be asked with by, as accuracy_histogram, compare, coverage"),
        ("lengths", {"pool": "seed"}, "lengths cannot be asked with pool, as accuracy_histogram"),
    ],
)
def test_what_cannot_be_a_group_is_refused_in_one_line(filled, name, given, said):
    with pytest.raises(UsageError, match=said) as caught:
        filled.query(name, **given)
    assert "\n" not in str(caught.value)


def test_too_many_values_are_refused(lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    problems = [f"m{number}" for number in range(MOST + 1)]
    lakes.add_problems(lake, "many", {problem: json.dumps({"id": problem}) for problem in problems})
    lakes.add_run(lake, "m", dict.fromkeys(problems, "c"), dataset="many")
    with pytest.raises(UsageError, match=r'by "id": 201 values; at most 200 are answered'):
        lake.query("pass_at_k", by="id", dataset="many")
    rows = lake.query("pass_at_k", by="id", problems=problems[:3], ks=1).dicts()
    assert [(row["id"], row["pass_at_k"]) for row in rows] == [(problem, 1.0) for problem in problems[:3]]


def test_an_edited_problem_is_in_the_group_of_each_runs_version(lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    edited = {"problem_id": "p1", "question": "? p1", "answer": "c", "tests": None}
    versions = [{**edited, "problem_hash": f"h-{level}", "metadata": json.dumps({"level": level})} for level in (7, 8)]
    lakes.append(lake, "problems", versions, dataset="e")
    for level, statuses in ((7, "cw"), (8, "cc")):
        lakes.add_run(lake, f"e{level}", {str(level): statuses}, dataset="e")  # its version is h-7 or h-8
    lakes.append(lake, "problems", [{**one, "problem_id": one["problem_hash"][2:]} for one in versions], dataset="e")
    rows = lake.query("pass_at_k", by="level", ks=1, dataset="e").dicts()
    assert [(row["level"], row["run"], row["pass_at_k"]) for row in rows] == [("7", "e7", 0.5), ("8", "e8", 1.0)]


def test_values_are_in_natural_order():
    ordered = ["-3", "0.5", "1", "2", "1e1", "10.5", "", "Level 2", "level 10", "x1y2", "x1y10", None]
    for seed in range(20):
        assert sorted(random.Random(seed).sample(ordered, len(ordered)), key=natural) == ordered
    for odd in ("1_0", "nan", "inf", "\N{ARABIC-INDIC DIGIT ONE}", "9" * 999, "1e99999", "²", "1" + "0" * 400 + "x"):
        assert natural(odd)[0] == 1
