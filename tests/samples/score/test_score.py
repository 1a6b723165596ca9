"""Scores are those of a model, of the completion alone, each sample once; what cannot be scored is an error row."""

import math

import numpy as np
import pytest

from samples.engines import Placement, Sampling, load
from samples.errors import SamplesError, UsageError
from samples.score.request import ScoreRequest, score_request


def own_log_probs(lake, run, problem, index):
    """The log-probs that a run stored of a sample."""
    rows = lake.scan("completions", ["problem_id", "sample_index", "token_logprobs"], runs=[run]).read_all().to_pylist()
    return next(row["token_logprobs"] for row in rows if (row["problem_id"], row["sample_index"]) == (problem, index))


def test_a_model_that_scores_its_own_samples_finds_what_was_stored(drawn, score_of):
    made = drawn("base")
    scoring = score_of(made.lake, name="base")
    scoring.run()
    rows = scoring.rows()
    assert len(rows) == 24
    for row in rows:
        stored = own_log_probs(made.lake, "base", row["problem_id"], row["sample_index"])
        assert row["tokens"] == len(stored)
        assert row["cumulative_logprob"] == pytest.approx(math.fsum(stored), rel=1e-9)
        assert row["end_logprob"] == pytest.approx(stored[-1])
        assert (row["token_mode"], row["prompt"], row["same_tokens"], row["error"]) == ("ids", "run", True, None)


def test_another_model_scores_what_a_run_stored_after_the_run_s_prompt(drawn, score_of):
    made = drawn("rl", model="toy?taste=2")
    scoring = score_of(made.lake, model="toy", name="base")
    scoring.run()
    engine = load("toy", "toy", None, "auto", Sampling(), Placement(), scoring=True)
    prompts = {row["problem_id"]: row["token_ids"] for row in made.lake.read("prompts").to_pylist()}
    stored = made.lake.read("completions").to_pylist()
    ids = {(row["problem_id"], row["sample_index"]): row["token_ids"] for row in stored}
    for row in scoring.rows():
        key = row["problem_id"], row["sample_index"]
        (expected,) = engine.score(prompts[key[0]], [np.array(ids[key], np.int32)])
        assert row["cumulative_logprob"] == pytest.approx(math.fsum(expected.token_logprobs.tolist()), rel=1e-9)
        assert row["cumulative_logprob"] != pytest.approx(math.fsum(own_log_probs(made.lake, "rl", *key)))


def test_the_same_command_again_scores_nothing_and_a_larger_k_only_what_is_new(drawn, score_of):
    made = drawn("base", k=8)
    assert len(score_of(made.lake, name="base").run()) == 3
    assert score_of(made.lake, name="base").run() == []
    drawn("base", k=70)
    scoring = score_of(made.lake, name="base")
    todo = scoring.plan()
    assert (todo.wanted, todo.missing) == (210, 186)
    assert sorted({(unit.start, unit.stop) for unit in todo}) == [(8, 64), (64, 70)]
    scoring.run()
    assert len(scoring.rows()) == 210


def test_the_sample_of_the_greatest_number_is_scored(drawn, score_of, lakes):
    made = drawn("base", k=1)
    last = 2**31 - 1  # imports take it
    lakes.draw(made.lake, "base", [("sum-0", last)])
    scoring = score_of(made.lake, name="base", allow_mismatch=True)
    scoring.run()
    assert [row["sample_index"] for row in scoring.rows() if row["error"] is None] == [0, last, 0, 0]


def test_only_right_answers_leave_gaps_that_a_later_command_fills(drawn, score_of):
    made = drawn("base", k=40)
    made.lake.rescore("numeric", workers=1)
    right = made.lake.sql("SELECT count(*) AS n FROM current_verdicts WHERE status = 'correct'").dicts()[0]["n"]
    some = score_of(made.lake, name="base", only="correct")
    assert some.plan().missing == right
    some.run()
    assert len(some.rows()) == right
    every = score_of(made.lake, name="base")
    assert every.plan().missing == 120 - right
    every.run()
    rows = every.rows()
    assert len(rows) == len({(row["problem_id"], row["sample_index"]) for row in rows}) == 120


def test_a_limit_takes_the_first_samples_of_each_problem(drawn, score_of):
    made = drawn("base", k=8)
    scoring = score_of(made.lake, name="base", limit_per_problem=3)
    scoring.run()
    assert [row["sample_index"] for row in scoring.rows()] == [0, 1, 2] * 3


def test_units_are_cut_on_the_grid(drawn, score_of):
    made = drawn("base", k=70)
    todo = score_of(made.lake, name="base", unit=32).plan()
    assert sorted({(unit.start, unit.stop) for unit in todo}) == [(0, 32), (32, 64), (64, 70)]
    assert [todo.indices(0)[0], todo.indices(0)[-1]] == [0, 31]


@pytest.mark.cases(3)
@pytest.mark.parametrize("unit", [1, 7, 24, 32, 63, 64])
def test_units_hold_what_is_missing_once_and_the_low_indices_of_all_problems_come_first(drawn, score_of, unit):
    made = drawn("base", k=70)
    made.lake.rescore("numeric", workers=1)
    todo = score_of(made.lake, name="base", unit=unit, only="correct").plan()
    right = made.lake.sql("SELECT problem_id, sample_index FROM current_verdicts WHERE status = 'correct'").dicts()
    found = [(one.problem_id, index) for number, one in enumerate(todo) for index in todo.indices(number).tolist()]
    assert sorted(found) == sorted((row["problem_id"], row["sample_index"]) for row in right)
    assert all(one.stop - one.start <= unit for one in todo)
    assert all({one.start, one.stop - 1} <= set(todo.indices(number).tolist()) for number, one in enumerate(todo))
    places = [(one.start // 64, one.start % 64 // unit) for one in todo]
    assert places == sorted(places)
    assert all(one.start // 64 == (one.stop - 1) // 64 for one in todo), "a unit crosses a cell"


def test_several_runs_are_scored_by_one_job_each_after_its_own_prompt(drawn, score_of):
    one = drawn("base", k=8)
    drawn("rl", model="toy?taste=2", k=4)
    scoring = score_of(one.lake, name="base")
    assert scoring.plan().missing == 36
    scoring.run()
    assert {(row["run"], len(scoring.rows(run=row["run"]))) for row in scoring.rows()} == {("base", 24), ("rl", 12)}


def test_imported_text_is_encoded_for_the_scorer_after_a_prompt_of_its_own(drawn, imported, score_of):
    lake = drawn("base").lake
    imported(lake)
    scoring = score_of(lake, name="base", runs=("o1",))
    assert any("its text is scored" in note and "it was imported" in note for note in scoring.prepared.notes)
    scoring.run()
    rows = scoring.rows(run="o1")
    assert len(rows) == 4
    for row, text in zip(rows, ("The answer is 5.", "naïve: ½ = 0.5 ✓") * 2, strict=True):
        assert row["bytes"] == row["tokens"] == len(text.encode())  # the toy's tokens are bytes
        assert (row["token_mode"], row["prompt"], row["same_tokens"], row["end_logprob"]) == ("text", "own", None, None)
    engine = load("toy", "toy", None, "auto", Sampling(), Placement(), scoring=True)
    prompt = list(b"<user>What is 0 + 0?\n<assistant>")
    (expected,) = engine.score(prompt, [np.frombuffer(b"The answer is 5.", np.uint8).astype(np.int32)])
    assert rows[0]["cumulative_logprob"] == pytest.approx(math.fsum(expected.token_logprobs.tolist()), rel=1e-9)


def test_text_mode_says_which_samples_become_other_tokens(drawn, score_of):
    made = drawn("base", k=4)
    ids, text = score_of(made.lake, name="base"), score_of(made.lake, name="by-text", tokens="text", prompt="run")
    ids.run()
    text.run()
    for one, other in zip(ids.rows(), text.rows(), strict=True):
        assert other["same_tokens"] is True
        assert other["tokens"] == one["tokens"] - 1  # the end token is never invented
        assert other["cumulative_logprob"] == pytest.approx(one["cumulative_logprob"] - one["end_logprob"], rel=1e-6)


def test_a_sample_too_long_for_the_scorer_is_an_error_row_that_is_not_scored_again(drawn, score_of):
    made = drawn("base", model="toy?tokens=60", k=4)
    scoring = score_of(made.lake, model="toy?tokens=60", name="short", max_model_len=70)
    scoring.run()
    failed = [row for row in scoring.rows() if row["error"]]
    assert 0 < len(failed) < 12
    assert all("70" in row["error"] and row["tokens"] == 0 for row in failed)
    assert score_of(made.lake, model="toy?tokens=60", name="short", max_model_len=70).plan().missing == 0


def test_samples_that_no_engine_survives_are_error_rows_that_are_not_scored_again(drawn, score_of):
    made = drawn("base")
    scoring = score_of(made.lake, name="base")
    todo, counted = scoring.plan(), []
    receipt = scoring.worker(todo).fail(0, "no engine survives this", lambda *given: counted.append(given))
    assert counted == [(0, True)] * 8
    scoring.committer().commit([receipt])
    assert {row["error"] for row in scoring.rows(problem_id="sum-0")} == {"no engine survives this"}
    assert scoring.plan().missing == todo.missing - 8


def test_failed_samples_are_not_scored_and_an_empty_text_has_no_tokens(drawn, imported, score_of):
    made = drawn("base", model="toy?fail=0.5", k=8)
    imported(made.lake, "empty", ("", "x"))
    failed = made.lake.sql("SELECT count(*) AS n FROM samples WHERE error IS NOT NULL").dicts()[0]["n"]
    scoring = score_of(made.lake, name="other")
    assert scoring.plan().missing == 24 - failed + 4
    scoring.run()
    empty = [row for row in scoring.rows(run="empty") if not row["bytes"]]
    assert [(row["tokens"], row["cumulative_logprob"], row["error"]) for row in empty] == [(0, 0.0, None)] * 2


def test_a_run_of_which_only_verdicts_are_stored_cannot_be_scored(tmp_path, drawn, score_of):
    lake = drawn("base").lake
    file = tmp_path / "marks.jsonl"
    file.write_text('{"problem_id": "q", "question": "1 + 1?", "answer": "2", "correct": true}\n')
    lake.import_file(file, "samples", name="marks", dataset="others")
    with pytest.raises(UsageError, match="run marks holds no texts and no token ids"):
        score_of(lake, runs=("marks",))
    assert any(note.startswith("run marks left out") for note in score_of(lake).prepared.notes)


def test_a_run_without_recorded_prompts_is_shown_the_question(drawn, imported, score_of):
    lake = drawn("base").lake
    imported(lake)
    with pytest.raises(UsageError, match=r"run o1 has no recorded prompts.*--prompt own"):
        score_of(lake, runs=("o1",), prompt="run")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"only": "right"}, "--only right: expected one of correct, wrong"),
        ({"verifier": "math"}, "give --only correct"),
        ({"limit_per_problem": 0}, "--limit-per-problem 0: expected at least 1"),
        ({"tokens": "bytes"}, "--tokens bytes: expected one of auto, ids, text"),
        ({"prompt": "none"}, "--prompt none: expected one of auto, run, own"),
        ({"unit": 65}, "--unit 65"),
        ({"top_logprobs": 21}, "--top-logprobs 21: expected 1 to 20 tokens at each position, or 0 for none"),
    ],
)
def test_a_bad_setting_is_said_in_one_line(asked, said):
    with pytest.raises(UsageError, match=said):
        ScoreRequest(model="toy", lake="lake", engine="toy", **asked)


def test_an_unknown_setting_from_python_is_said_with_what_was_meant():
    with pytest.raises(UsageError, match=r'no setting is named "limit".*settings are'):
        score_request(model="toy", lake="lake", limit=3)


def test_verdicts_that_nobody_gave_cannot_choose(drawn, score_of):
    scoring = score_of(drawn("base").lake, only="correct")
    with pytest.raises(SamplesError, match="no verdicts yet; add them: samples rescore"):
        scoring.plan()


def test_a_run_that_its_own_model_scored_has_bits_per_byte_under_its_own_log_probs(drawn, score_of):
    made = drawn("base", k=4)
    score_of(made.lake, name="base").run()
    texts = {(r["problem_id"], r["sample_index"]): r["text"] for r in made.lake.read("completions").to_pylist()}
    rows = made.lake.sql("SELECT * FROM likelihoods WHERE scorer = 'base'").dicts()
    assert len(rows) == 12
    for row in rows:
        stored = own_log_probs(made.lake, "base", row["problem_id"], row["sample_index"])
        assert row["own"]
        assert row["cumulative_logprob"] == pytest.approx(math.fsum(stored), rel=1e-9)
        assert row["end_logprob"] == pytest.approx(stored[-1])
        assert row["bytes"] == len(texts[row["problem_id"], row["sample_index"]].encode())


def test_top_log_probs_are_kept_beside_scores_of_the_same_scorer(drawn, score_of):
    made = drawn("rl", model="toy?taste=2")
    plain, scoring = (score_of(made.lake, name="base", top_logprobs=n) for n in (0, 3))
    assert scoring.scorer == plain.scorer
    scoring.run()
    tops = made.lake.sql("SELECT * FROM top_logprobs ORDER BY problem_id, sample_index").dicts()
    assert len(tops) == len(scoring.rows()) == 24
    for row, top in zip(scoring.rows(), tops, strict=True):
        assert (top["scorer"], top["scorer_id"], top["own"]) == ("base", scoring.scorer.scorer_id, False)
        assert all(top[name] == row[name] for name in ("run", "dataset", "problem_id", "sample_index"))
        assert (top["n"], top["positions"], len(top["top_ids"])) == (3, row["tokens"], 3 * row["tokens"])
        assert 0 < top["top_entropy"] < top["entropy_least"] < top["entropy_most"]
    assert score_of(made.lake, name="base", top_logprobs=5).run() == [], "what is scored is not scored again"
