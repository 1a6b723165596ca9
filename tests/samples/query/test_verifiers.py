"""The verifier that a question means, and what is said where there is none or where there are several."""

import shlex

import pytest

from samples.errors import NotFound, SamplesError, UsageError
from samples_schemas import VERDICTS


@pytest.fixture
def lake(lakes, tmp_path):
    """A lake of runs a and b, judged by v; of a run that m judged too; and of runs without verdicts."""
    lake = lakes.filled(tmp_path / "lake")
    lakes.add_run(lake, "two", {"p1": "cw"})
    key = {"problem_id": "p1", "verifier_version": "1", "pass_id": 1, "status": "wrong"}
    rows = [{**key, "sample_index": index} for index in range(2)]
    run_id = lake.sql("SELECT run_id FROM runs WHERE run = 'two'")[0]["run_id"]
    lakes.append(lake, VERDICTS.name, rows, verifier="m", run_id=run_id)
    return lake


def unjudged(lakes, path, names):
    """A lake of runs without verdicts."""
    lake = lakes.Lake(str(path), create=True)
    lakes.add_problems(lake, "d", {"p1": "{}"})
    for name in names:
        lakes.add_run(lake, name, {"p1": ""})
    return lake


def said(kind, ask):
    with pytest.raises(SamplesError) as caught:
        ask()
    assert type(caught.value) is kind
    return str(caught.value)


def test_runs_without_verdicts_are_named_with_the_command_that_judges_them(lakes, tmp_path):
    lake = unjudged(lakes, tmp_path / "lake", ["base", "rl", "a b"])
    told = said(SamplesError, lambda: lake.query("pass_at_k", runs="base,rl"))
    assert told == (
        "runs base, rl have no verdicts yet; add them: samples rescore --verifier numeric --run base --run rl"
    )
    told = said(SamplesError, lambda: lake.query("pass_at_k", runs=["a b"], verifier="math"))
    assert told == "run a b has no verdicts yet; add them: samples rescore --verifier math --run 'a b'"
    assert shlex.split(told)[-1] == "a b"


def test_of_very_many_runs_without_verdicts_some_are_named(lakes, tmp_path):
    lake = unjudged(lakes, tmp_path / "lake", [f"run-{number:02}" for number in range(14)])
    told = said(SamplesError, lambda: lake.query("pass_at_k"))
    assert "run-10, run-11 and 2 more have no verdicts yet; add them: samples rescore" in told
    assert told.endswith("--run run-10 --run run-11 …")


def test_a_verifier_that_judged_nothing_is_named_with_those_that_did_and_the_command(lake):
    told = said(NotFound, lambda: lake.query("pass_at_k", runs=["a", "two"], verifier="math"))
    assert told == (
        'verifier "math" judged none of these runs; those that did: m, v; '
        "add its verdicts: samples rescore --verifier math --run a --run two"
    )


def test_of_a_verifier_that_came_with_a_file_no_command_is_named_that_this_program_refuses(lakes, lake):
    key = {"problem_id": "p1", "sample_index": 0, "verifier_version": "rows-1", "pass_id": 1, "status": "wrong"}
    for run, verifier in (("two", "strict"), ("two", "math")):
        run_id = lake.sql(f"SELECT run_id FROM runs WHERE run = '{run}'")[0]["run_id"]
        lakes.append(lake, VERDICTS.name, [key], verifier=verifier, run_id=run_id)
    file = "import a file that has its verdicts (this program has no verifier strict), or judge with your own function"
    (note,) = lake.query("pass_at_k", runs="two", verifier="strict").notes
    assert note.startswith("1 of two: samples without a verdict of strict; add them: ")
    assert note.endswith(f"{file} of this name: samples rescore --verifier FILE.py:strict --run two")
    assert any(
        note.startswith(f"left out: runs a, b have no verdicts of strict yet; add them: {file}")
        for note in lake.query("pass_at_k", verifier="strict").notes
    )
    told = said(SamplesError, lambda: lake.query("compare", a="a", b="two", verifier="strict"))
    assert f"a has no verdicts of strict, only of v. This mends it: {file}" in told
    told = said(NotFound, lambda: lake.query("pass_at_k", runs="a", verifier="strict"))
    assert f"add its verdicts: {file}" in told
    (note,) = lake.query("pass_at_k", runs="two", verifier="math").notes
    assert note.endswith("without a verdict of math; add them: samples rescore --verifier math --run two")


def test_one_of_several_verifiers_is_chosen_by_the_parameter_of_the_query(lake):
    told = said(UsageError, lambda: lake.query("pass_at_k", runs="two"))
    assert told == "several verifiers judged these runs: m, v; choose one with the parameter verifier"
    told = said(UsageError, lambda: lake.query("verifier_agreement", runs="two", second="v"))
    assert told.endswith("choose one with the parameter first")
    assert lake.query("pass_at_k", runs="two", verifier="m", ks=1)["pass_at_k"].tolist() == [0.0]


def test_one_of_several_verifiers_of_guesses_is_chosen_by_the_filter(lake):
    filters = {"runs": ["a"], "exclude_guessable": ("two", 0.5)}
    told = said(UsageError, lambda: lake.sql("SELECT * FROM tallies", **filters))
    assert told == ("several verifiers judged these runs: m, v; choose one with the third part of exclude_guessable")
    assert lake.sql("SELECT * FROM tallies", runs=["a"], exclude_guessable=("two", 0.5, "m"))
