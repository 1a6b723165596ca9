"""One sample up close: its tokens under its own model and a scorer, ranks, verdicts and reviews with their history."""

from datetime import UTC, datetime

import pytest

from samples.api import Lake
from samples.errors import LakeError, NotFound, UsageError
from samples.query.samples_of import STATUSES, samples_of
from samples.query.show import show
from samples.query.show_tokens import ranks

OTHER = "s00000000000000ff"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def run_id(lake, run):
    return next(row["run_id"] for row in lake.query("runs") if row["run"] == run)


@pytest.fixture
def lake(lakes, tmp_path):
    """Runs a and b, which scorer s scored as token ids. Scorer t scored four samples of run a in other ways."""
    made = lakes.filled(tmp_path / "lake")
    about = {"scorer_id": OTHER, "number": 2, "name": "t", "model": "models/t", "engine": "toy", "created_at": NOW}
    more = {"specification": "{}", "labels": [], "versions": [], "scored_by": "{}"}
    lakes.append(made, "scorers", [{**about, **more, "parity_samples": 0, "parity_tokens": 0}])
    where = {"scorer_id": OTHER, "run_id": run_id(made, "a")}
    key = {"problem_id": "p1", "attempt": "y"}
    facts = {"tokens": 2, "bytes": 8, "cumulative_logprob": -9.0, "end_logprob": None, "prompt": "run", "error": None}
    scores = [
        {**key, **facts, "sample_index": 0, "token_mode": "text"},
        {**key, **facts, "sample_index": 1, "token_mode": "ids", "error": "too long"},
        {**key, **facts, "sample_index": 2, "token_mode": "ids"},
        {**key, **facts, "sample_index": 3, "token_mode": "text"},
    ]
    logprobs = [
        {**key, "sample_index": 0, "token_logprobs": [-4.0, -5.0], "token_ids": [7, 8]},
        {**key, "sample_index": 2, "token_logprobs": [-4.0, -5.0], "token_ids": None},
        {**key, "sample_index": 3, "token_logprobs": [-2.0] * 7, "token_ids": [7] * 7},
    ]
    lakes.append(made, "score_logprobs", logprobs, **where)
    lakes.append(made, "scores", scores, **where)
    return made


def test_a_scorer_shows_its_log_probs_of_the_same_tokens(lake):
    shown = show(lake, "a", "p1", 0, scorer="s")
    assert (shown.scorer, shown.scorer_logprobs, shown.scorer_why) == ("s", [-1.0] * 4, "")
    assert shown.token_logprobs == [-0.5] * 4
    assert (shown.dataset, shown.question) == ("d", "? p1")


def test_without_a_scorer_there_are_no_other_log_probs(lake):
    shown = show(lake, "a", "p1", 0)
    assert (shown.scorer, shown.scorer_logprobs, shown.scorer_why) == (None, None, "")


def test_a_scorer_of_the_text_says_that_its_tokens_are_others(lake):
    shown = show(lake, "a", "p1", 0, scorer="t")
    assert shown.scorer_logprobs is None
    assert shown.scorer_why.startswith("t scored the text, as 2 tokens of its own")
    own = {"token_ids": [7, 8], "token_logprobs": [-4.0, -5.0], "token_texts": None}
    assert shown.scorer_own == {
        **own,
        "why": 'the toy engine has one model, "toy" or "toy?option=value&…", not "models/t"',
    }
    assert show(lake, "a", "p1", 0, scorer="s").scorer_own is None


def test_a_scorer_of_the_text_that_found_the_same_tokens_shows_its_log_probs(lake):
    assert show(lake, "a", "p1", 3, scorer="t").scorer_logprobs == [-2.0] * 7


def test_a_sample_that_the_scorer_did_not_score_says_how_to_score_it(lake):
    shown = show(lake, "b", "p1", 2, scorer="t")
    assert shown.scorer_logprobs is None
    command = "samples score --model models/t --engine toy --run b --name t"
    assert shown.scorer_why == f"t has not scored this sample; {command} does"


def test_a_run_scores_its_own_samples_and_those_of_no_other(lake):
    assert show(lake, "a", "p1", 0, scorer="a").scorer_logprobs == [-0.5] * 4
    other = show(lake, "a", "p1", 0, scorer="b")
    assert other.scorer_logprobs is None
    assert other.scorer_why.startswith("b has not scored this sample; samples score --model ")


def test_a_sample_that_could_not_be_scored_says_why(lake):
    assert show(lake, "a", "p1", 1, scorer="t").scorer_why == "t could not score this sample: too long"


def test_a_scorer_that_is_not_there_is_named_with_those_that_are(lake):
    with pytest.raises(NotFound, match=r'no scorer "u".*scorers there: s, t; runs that score their own samples: a, b'):
        show(lake, "a", "p1", 0, scorer="u")


def test_log_probs_that_do_not_fit_the_tokens_are_a_damaged_table(lake):
    with pytest.raises(LakeError, match="has 2 log-probs of sample 2 of problem p1 of run a, which has 6 tokens"):
        show(lake, "a", "p1", 2, scorer="t")


def test_ranks_are_places_among_the_stored_tokens_counted_from_one():
    top = {"n": 3, "top_ids": [5, 6, 7, 8, 9, 5, 1, 2, 3]}
    assert ranks([5, 5, 4], top) == [1, 3, None]
    assert ranks([6, 8], top) == [2, 1]
    assert ranks([5, 8, 1, 2], top) == [1, 1, 1, None]  # the last position is not stored
    assert ranks([5], None) is None
    assert ranks(None, top) is None


def test_ranks_come_from_what_the_run_stored(filled):
    assert show(filled, "a", "p1", 0).ranks == [1, 1, 1, 1]
    assert show(filled, "a", "p1", 0, scorer="s").scorer_ranks is None


def test_ranks_under_a_scorer_come_from_what_it_stored(lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    where = {"scorer_id": lakes.SCORER, "run_id": run_id(lake, "a")}
    (attempt,) = {row["attempt"] for row in lake.read("scores", ["attempt"]).to_pylist()}
    listed = {"n": 2, "positions": 4, "top_ids": [9, 7, 7, 9, 8, 9, 9, 7], "top_logprobs": [-0.5] * 8}
    listed |= {"top_entropy": 1.0, "mass_left": 1.0, "entropy_least": 1.0, "entropy_most": 2.0}
    key = {"problem_id": "p1", "sample_index": 0}
    lakes.append(lake, "top_logprobs", [{**key, "attempt": attempt, **listed}], **where)
    lakes.append(lake, "top_logprobs", [{**key, "attempt": "of a crash", **listed, "n": 1}], **where)
    shown = show(lake, "a", "p1", 0, scorer="s")
    assert (shown.ranks, shown.scorer_ranks) == ([1] * 4, [2, 1, None, 2])
    assert show(lake, "a", "p1", 0).scorer_ranks is None


def test_verdicts_and_reviews_have_their_history_and_say_what_counts(lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    again = {"problem_id": "p1", "sample_index": 0, "verifier_version": "2", "pass_id": 2, "status": "wrong"}
    lakes.append(lake, "verdicts", [again], verifier="v", run_id=run_id(lake, "a"))
    shown = lake.show("a", "p1", 0)
    assert [(row["pass_id"], row["status"], row["current"]) for row in shown.verdicts] == [
        (1, "correct", False),
        (2, "wrong", True),
    ]
    assert [(row["reviewer"], row["label"], row["current"]) for row in shown.reviews] == [
        ("bob", "valid", True),
        ("bob", "unclear", False),
        ("ann", "valid", True),
    ]
    assert shown.question == "? p1"


def test_samples_of_a_problem_are_listed_by_verdict_the_likeliest_first(lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    lakes.add_run(lake, "c", {"p1": "wcccccntew"})
    where = {"dataset": "d", "run_id": run_id(lake, "c")}
    facts = {"problem_id": "p1", "attempt": "z", "cumulative_logprob": 0.0, "tokens": 0}
    late = [
        {**facts, "sample_index": 10, "error": "broke"},
        {**facts, "sample_index": 11, "tokens": 2, "cumulative_logprob": -4.0},
        {**facts, "sample_index": 12, "tokens": 2, "cumulative_logprob": -2.0},
        {**facts, "sample_index": 13, "tokens": 2, "cumulative_logprob": -5000.0},
        {**facts, "sample_index": 14, "tokens": None, "cumulative_logprob": None},
    ]
    lakes.append(lake, "samples", late, **where)
    verdicts = [
        {"problem_id": "p1", "sample_index": index, "verifier_version": "1", "pass_id": 1, "status": "correct"}
        for index in (11, 12, 13)
    ]
    lakes.append(lake, "verdicts", verdicts, verifier="v", run_id=where["run_id"])
    lake.review("c", "p1", 11, "lucky", reviewer="cy")
    listed = samples_of(lake, "c", "p1")
    assert (listed.verifier, listed.question, listed.golds) == ("v", "? p1", ("c",))
    assert [(row["status"], row["sample_index"]) for row in listed.samples] == [
        *(("correct", index) for index in (1, 2, 3, 4, 5, 12, 11, 13)), ("wrong", 0), ("wrong", 9), ("no_answer", 6),
        ("timeout", 7), ("error", 8), ("failed", 10), ("unjudged", 14),
    ]  # fmt: skip
    assert {row["status"] for row in listed.samples} == set(STATUSES)
    found = {row["sample_index"]: row for row in listed.samples}
    assert found[11]["perplexity"] == pytest.approx(7.38905609893065)
    assert [found[index]["perplexity"] for index in (10, 13, 14)] == [None] * 3
    assert (found[11]["reviews"], found[12]["reviews"]) == ({"cy": "lucky"}, {})


def test_samples_that_nobody_judged_are_listed_too(lakes, tmp_path):
    lake = Lake(str(tmp_path / "lake"), create=True)
    lakes.add_problems(lake, "d", lakes.METADATA)
    lakes.add_run(lake, "a", {"p1": ""})
    where = {"dataset": "d", "run_id": lake.read("runs")["run_id"][0].as_py()}
    rows = [{"problem_id": "p1", "sample_index": index, "attempt": "x", "tokens": 1} for index in range(3)]
    lakes.append(lake, "samples", rows, **where)
    listed = samples_of(lake, "a", "p1")
    assert listed.verifier is None
    assert [(row["sample_index"], row["status"]) for row in listed.samples] == [(n, "unjudged") for n in range(3)]


def test_of_several_verifiers_one_is_chosen(lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    other = {"problem_id": "p1", "sample_index": 1, "verifier_version": "2", "pass_id": 1, "status": "correct"}
    lakes.append(lake, "verdicts", [other], verifier="w", run_id=run_id(lake, "a"))
    with pytest.raises(UsageError, match="several verifiers judged these runs: v, w; choose one with --verifier"):
        samples_of(lake, "a", "p1")
    statuses = {row["sample_index"]: row["status"] for row in samples_of(lake, "a", "p1", verifier="w").samples}
    assert statuses == {0: "unjudged", 1: "correct", 2: "unjudged", 3: "unjudged"}


@pytest.mark.parametrize("number", [10**30, 1 << 31, float("inf"), float("nan"), "first"])
def test_a_number_that_no_sample_can_have_is_refused(filled, number):
    with pytest.raises(UsageError, match="a whole number is expected, counted from 0"):
        show(filled, "a", "p1", number)
    with pytest.raises(UsageError, match="a whole number is expected, counted from 0"):
        filled.review("a", "p1", number, "valid", reviewer="ann")


def test_a_sample_is_shown_where_no_label_is_left(lakes, tmp_path):
    lake = Lake(str(tmp_path / "lake"), create=True)
    lakes.add_problems(lake, "d", lakes.METADATA)
    lakes.add_run(lake, "a", lakes.STATUSES["a"])
    lakes.add_run(lake, "b", lakes.STATUSES["b"], reviewed=False)
    lake.drop("a")
    assert show(lake, "b", "p2", 0).reviews == []
