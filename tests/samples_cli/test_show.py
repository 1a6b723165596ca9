"""`samples show` and `samples review`: one sample, two runs on one problem, a scorer, labels."""

import json

import pytest
from rich.text import Text

from samples.api import Lake
from samples_cli.review import LABELS
from samples_cli.show_sample import shift_colour
from samples_schemas import REVIEW_LABELS


@pytest.fixture
def two(lakes, tmp_path):
    """Runs a and b of four problems, whose samples scorer s finds half a nat less likely a token."""
    return lakes.filled(tmp_path / "two").uri


def test_a_scorer_has_a_column_and_shades_the_tokens(samples, two, monkeypatch):
    code, out, _ = samples("show", "a", "p1", 0, "--scorer", "s", "--lake", two)
    assert code == 0
    assert "completion, shaded by log p of s - log p of the run: blue above 2" in out
    assert " place       id   log-prob  rank     scorer difference" in out
    assert "     0        7    -0.5000     1    -1.0000    -0.5000" in out
    monkeypatch.setenv("FORCE_COLOR", "1")
    lines = samples("show", "a", "p1", 0, "--scorer", "s", "--lake", two)[1].splitlines()
    (row,) = [line for line in lines if Text.from_ansi(line).plain.startswith("     0        7")]
    assert row.startswith("\x1b[") is (shift_colour(-0.5) != "")


@pytest.mark.parametrize(
    ("difference", "colour"),
    [
        (3.0, "blue"), (2.0, "blue"), (1.0, "cyan"), (0.5, "cyan"), (0.4, ""), (0.0, ""), (-0.5, ""),
        (-0.6, "dark_orange"), (-2.0, "dark_orange"), (-2.1, "red"), (float("-inf"), "red"), (float("inf"), "blue"),
        (float("nan"), "magenta"),
    ],
)  # fmt: skip
def test_a_token_is_blue_where_the_scorer_finds_it_likelier_and_red_where_it_is_surprised(difference, colour):
    assert shift_colour(difference) == colour


def test_a_scorer_shades_tokens_whose_run_stored_no_log_probs(samples, lakes, tmp_path):
    lake = lakes.filled(tmp_path / "imported")
    (run,) = [row["run_id"] for row in lake.query("runs") if row["run"] == "a"]
    key = {"problem_id": "p1", "sample_index": 9, "attempt": "x"}
    lakes.append(lake, "samples", [{**key, "tokens": 2, "finish_reason": "stop"}], dataset="d", run_id=run)
    lakes.append(lake, "completions", [{**key, "text": "hm", "token_ids": [4, 5]}], dataset="d", run_id=run)
    how = {"token_mode": "ids", "prompt": "run", "same_tokens": True, "error": None}
    score = {**key, "tokens": 2, "bytes": 2, "cumulative_logprob": -3.0, **how}
    lakes.append(lake, "scores", [score], scorer_id=lakes.SCORER, run_id=run)
    lakes.append(lake, "score_logprobs", [{**key, "token_logprobs": [-1.0, -2.0]}], scorer_id=lakes.SCORER, run_id=run)
    code, out, _ = samples("show", "a", "p1", 9, "--scorer", "s", "--lake", lake.uri)
    assert code == 0
    assert "completion, shaded by the probability under s: the run has no log-probs of it" in out
    assert f"     1        5 {'-':>10}    -2.0000 {'-':>10}" in out
    assert " place " not in samples("show", "a", "p1", 9, "--lake", lake.uri)[1]


def test_what_a_scorer_lacks_is_said(samples, two):
    code, out, _ = samples("show", "a", "p1", 0, "--scorer", "b", "--lake", two)
    assert code == 0
    assert "no log-probs of b: b has not scored this sample; samples score " in out


def test_json_has_everything_that_is_shown(samples, two):
    asked = ("show", "a", "p1", 0, "--scorer", "s", "--against", "b", "--json", "--lake", two)
    shown = json.loads(samples(*asked)[1])
    assert (shown["run"], shown["against"]["run"], shown["question"]) == ("a", "b", "? p1")
    assert (shown["scorer"], shown["scorer_logprobs"], shown["ranks"]) == ("s", [-1.0] * 4, [1] * 4)
    assert [(row["reviewer"], row["label"], row["current"]) for row in shown["reviews"]] == [
        ("bob", "valid", True),
        ("bob", "unclear", False),
        ("ann", "valid", True),
    ]
    assert [row["current"] for row in shown["verdicts"]] == [True]
    listed = json.loads(samples("show", "b", "p3", "--json", "--lake", two)[1])
    assert [(row["status"], row["sample_index"]) for row in listed["samples"]] == [
        ("correct", 1), ("wrong", 0), ("wrong", 3), ("timeout", 2),
    ]  # fmt: skip


def test_json_is_json_also_where_numbers_are_none(samples, lakes, two):
    lake = Lake(two)
    here = {"dataset": "d", "run_id": lake.sql("SELECT run_id FROM runs WHERE run = 'a'")[0]["run_id"]}
    key = {"problem_id": "p1", "sample_index": 9, "attempt": "x"}
    lakes.append(lake, "samples", [{**key, "tokens": 1, "cumulative_logprob": float("nan")}], **here)
    logprobs = {"token_ids": [1], "token_logprobs": [float("-inf")]}
    lakes.append(lake, "completions", [{**key, "text": "b", **logprobs}], **here)
    code, out, _ = samples("show", "a", "p1", 9, "--against", "a", "--json", "--lake", two)
    assert code == 0
    shown = json.loads(out, parse_constant=pytest.fail)
    assert (shown["cumulative_logprob"], shown["against"]["token_logprobs"]) == ("NaN", ["-Infinity"])
    assert samples("show", "a", "p1", "--json", "--lake", two)[0] == 0


def test_without_an_index_samples_are_listed_by_verdict(samples, two):
    code, out, err = samples("show", "a", "p1", "--lake", two)
    assert (code, err) == (0, "")
    lines = [line.split() for line in out.splitlines()]
    assert ["4", "samples;", "3", "of", "4", "verified", "ones", "correct,", "by", "v"] in lines
    groups = [line for line in out.splitlines() if line.startswith(("correct", "wrong"))]
    assert groups == ["correct: 3", "wrong: 1"]
    assert "     0       4 stop         1.649  c  [ann valid, bob valid]" in out


def test_of_a_large_group_the_likeliest_and_the_least_likely_are_listed(samples, lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    lakes.add_run(lake, "c", {"p1": "c" * 30 + "w" * 11})
    out = samples("show", "c", "p1", "--lake", lake.uri)[1]
    listed = [int(line.split()[0]) for line in out.splitlines() if line[:6].strip().isdigit()]
    assert listed == [*range(5), *range(25, 30), *range(30, 41)]
    assert "… 20 between: --all lists them" in out
    out = samples("show", "c", "p1", "--all", "--lake", lake.uri)[1]
    assert sum(line[:6].strip().isdigit() for line in out.splitlines()) == 41


@pytest.mark.parametrize("index", [(), (0,)])
def test_two_runs_stand_beside_each_other_on_a_wide_terminal_and_below_on_a_narrow_one(
    samples, two, monkeypatch, index
):
    asked = ("show", "a", "p1", *index, "--against", "b", "--lake", two)
    monkeypatch.setenv("COLUMNS", "160")
    wide = samples(*asked)[1]
    assert any("run a (" in line and "run b (" in line for line in wide.splitlines())
    assert max(map(len, wide.splitlines())) <= 160
    monkeypatch.setenv("COLUMNS", "80")
    narrow = samples(*asked)[1]
    assert not any("run a (" in line and "run b (" in line for line in narrow.splitlines())
    assert narrow.index("run a (") < narrow.index("run b (")
    assert sorted(wide.split()) == sorted(narrow.split())


def test_groups_of_the_same_verdict_stand_beside_each_other(samples, two, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    lines = samples("show", "a", "p3", "--against", "b", "--lake", two)[1].splitlines()
    assert any(line.split() == ["wrong:", "3", "wrong:", "2"] for line in lines)
    assert any(line.split() == ["no_answer:", "1"] for line in lines)


def test_another_sample_of_the_same_run_may_stand_beside_the_first(samples, two):
    shown = json.loads(
        samples("show", "a", "p1", 0, "--against", "a", "--against-index", 3, "--json", "--lake", two)[1]
    )
    assert (shown["sample_index"], shown["against"]["sample_index"]) == (0, 3)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (("p1", "--scorer", "s"), "--scorer is about one sample: give its INDEX"),
        (("p1", "--tokenizer", "run"), "--tokenizer is about one sample: give its INDEX"),
        (("p1", "--against", "b", "--against-index", "1"), "--against-index is about one sample: give its INDEX"),
        (("p1", 0, "--all"), "--all is about the list of samples: leave INDEX out"),
        (("p1", 0, "--verifier", "v"), "--verifier is about the list of samples: leave INDEX out"),
        (("p1", 0, "--against-index", "1"), "--against-index is for the run of --against: give both"),
        (("p1", 0, "--scorer", "zz"), 'no scorer "zz"'),
        (("p1", "--against", "zz"), 'no run "zz"'),
        (("p9",), 'run a has no problem "p9"'),
    ],
)
def test_options_that_do_not_fit_are_refused(samples, two, asked, says):
    code, out, err = samples("show", "a", *asked, "--lake", two)
    assert (code, out) == (2, "")
    assert says in err
    assert err.count("\n") == 1


def test_a_label_is_kept_shown_and_counted(samples, two):
    code, out, err = samples(
        "review", "a", "p2", 0, "--label", "lucky", "--note", "guess", "--reviewer", "cy", "--lake", two
    )
    assert (code, out, err) == (0, "", "a p2 0: lucky, by cy\n")
    assert samples("review", "a", "p2", 0, "--label", "flawed", "--reviewer", "cy", "--lake", two)[0] == 0
    out = samples("show", "a", "p2", 0, "--lake", two)[1]
    assert "): flawed\n" in out
    assert "): lucky: guess; a later label counts\n" in out
    asked = ("--reviewer", "cy", "--max-accuracy", 0.5, "--format", "json", "--lake", two)
    counted = samples("query", "reviews", *asked)[1]
    (row,) = json.loads(counted)
    assert (row["problems"], row["none_valid"], row["labelled_flawed"]) == (1, 1, 1)


def test_the_reviewer_is_the_variable_or_the_user(samples, two, monkeypatch):
    monkeypatch.setenv("SAMPLES_REVIEWER", "dora")
    assert samples("review", "a", "p1", 1, "--label", "valid", "--lake", two)[2] == "a p1 1: valid, by dora\n"
    monkeypatch.delenv("SAMPLES_REVIEWER")
    monkeypatch.setenv("LOGNAME", "emil")
    assert samples("review", "a", "p1", 1, "--label", "valid", "--lake", two)[2] == "a p1 1: valid, by emil\n"


def test_a_label_that_is_none_is_refused(samples, two):
    code, _, err = samples("review", "a", "p1", 0, "--label", "good", "--lake", two)
    assert code == 2
    assert "valid" in err
    assert samples("review", "a", "p1", 0, "--lake", two)[0] == 2


def test_the_labels_that_the_command_line_repeats_are_those_of_the_library():
    assert LABELS.__args__ == tuple(REVIEW_LABELS)


def test_a_sample_without_its_completion_is_not_said_to_be_imported_nor_judged(samples, lake, lakes):
    """The run has as many completions as samples; that of one sample is of another attempt."""
    (run_id,) = lake.read("runs")["run_id"].to_pylist()
    key = {"problem_id": "sum-0", "sample_index": 99}
    facts = {"tokens": 4, "cumulative_logprob": -2.0, "finish_reason": "stop", "seed": 1, "attempt": "w"}
    lakes.append(lake, "samples", [{**key, **facts}], dataset="sums", run_id=run_id)
    payload = {"attempt": "z", "text": "c", "token_ids": [7], "token_logprobs": [-0.5]}
    lakes.append(lake, "completions", [{**key, **payload}], dataset="sums", run_id=run_id)
    code, out, _ = samples("show", "toys", "sum-0", 99, "--lake", lake.uri)
    assert code == 0
    assert "(no stored completion; samples check tells why)" in out
    for said in (" verified: ", "nothing to verify: every sample with a stored completion has a verdict"):
        code, _, err = samples(
            "rescore", "--verifier", "boxed-exact", "--run", "toys", "--workers", 1, "--lake", lake.uri
        )
        assert code == 0, err
        assert said in err
        assert "1 samples have no stored completion; they get no verdict (samples check tells why, unless" in err
    assert samples("check", "--lake", lake.uri)[0] == 1
