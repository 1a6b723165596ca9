"""An answer says which of its runs were drawn on different hardware or versions."""

import json

import pytest

import samples
from samples.runs.run import every
from samples.runs.setups import setup_facts

CPU = {"device": "cpu", "dtype": "float32", "versions": {"vllm": "0.32.0"}}  # that of every run of `lakes`
H100 = {"device": "NVIDIA H100", "dtype": "float32", "versions": {"vllm": "0.32.1", "torch": "2.11.0"}}
END = "rounding may differ, and a seed repeats only on one of them"
DIFFER = f"drawn on different hardware or versions: device (cpu, NVIDIA H100), vllm (0.32.0, 0.32.1); {END}"


@pytest.fixture
def lake(lakes, tmp_path):
    return lakes.filled(tmp_path / "lake")


@pytest.fixture
def add(lakes, lake):
    """Give a run a further setup."""
    ids = {run.name: run.run_id for run in every(lake)}
    return lambda run, facts: lakes.add_setup(lake, ids[run], facts, day=2)


def noted(lake, name="pass_at_k", **parameters):
    return [note for note in lake.query(name, **parameters).notes if "drawn on" in note]


def test_a_run_of_one_setup_is_not_noted(lake):
    assert noted(lake, ks=[1]) == []


def test_a_run_of_two_setups_is_noted_with_what_differs(lake, add):
    before = lake.query("pass_at_k", ks=[1]).dicts()
    add("b", H100)
    assert noted(lake, ks=[1]) == [f"b was {DIFFER}"]
    assert lake.query("pass_at_k", ks=[1]).dicts() == before
    assert noted(lake, ks=[1], runs=["a"]) == []
    assert noted(lake, "compare", a="a", b="b", ks=[1]) == [f"b was {DIFFER}"]


def test_runs_that_differ_alike_share_a_note(lake, add):
    add("a", H100)
    add("b", H100)
    assert noted(lake, ks=[1]) == [f"a, b were each {DIFFER}"]


def test_a_query_without_named_runs_is_about_those_that_pass_the_filters(lake, add):
    add("b", H100)
    assert noted(lake, "errors") == [f"b was {DIFFER}"]
    assert noted(lake, "errors", labels={"role": "base"}) == []


@pytest.mark.parametrize("name", ["runs", "lengths", "pass_at_k_by_problem", "problems"])
def test_the_note_changes_no_row(lake, add, name):
    parameters = {} if name != "pass_at_k_by_problem" else {"ks": [1]}
    before = lake.query(name, **parameters).dicts()
    add("a", H100)
    rows = lake.query(name, **parameters)
    assert rows.dicts() == before
    assert any(note.startswith("a was drawn on") for note in rows.notes)


def test_a_filter_of_problems_and_a_note_go_together(lake, add):
    add("b", H100)
    assert noted(lake, ks=[1], problems=["p1"]) == [f"b was {DIFFER}"]


def test_runs_of_a_pool_are_noted_by_their_own_names(lakes, lake):
    for seed in ("1", "2"):
        lakes.add_run(lake, f"c{seed}", lakes.STATUSES["a"], family="z", seed=seed)
    ids = {run.name: run.run_id for run in every(lake)}
    lakes.add_setup(lake, ids["c2"], H100, day=2)
    assert noted(lake, pool="seed", ks=[1], runs=["c1", "c2"]) == [f"c2 was {DIFFER}"]


def test_a_fact_that_one_setup_does_not_know_is_no_difference(lake, add):
    """A later build records more facts; workers that did not answer have none."""
    add("a", CPU | {"model_runner": "V1", "attention": ["CPU_ATTN"]})
    add("a", CPU | {"model_runner": None, "attention": []})
    assert noted(lake, ks=[1]) == []


def test_a_setup_appended_twice_is_one_setup(lake, add):
    add("a", CPU)
    assert noted(lake, ks=[1]) == []


@pytest.mark.parametrize("text", ["", "nothing", "[1]", '"x"', "[" * 100_000])
def test_a_text_that_is_no_json_object_has_no_facts(text):
    assert setup_facts(text) == {}


def test_facts_are_short_texts_and_versions_have_the_names_of_packages():
    facts = {"device": "cpu\n x", "attention": ["B", "A"], "limit": 256, "versions": {"vllm": "1"}, "no": None}
    assert setup_facts(json.dumps(facts)) == {"device": "cpu x", "attention": "B + A", "limit": "256", "vllm": "1"}


def test_the_lake_as_it_was_before_the_second_setup_has_no_note(lake, add):
    then = lake.version
    add("b", H100)
    assert noted(samples.open(lake.uri, version=then), ks=[1]) == []
