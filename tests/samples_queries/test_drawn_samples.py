"""Questions about samples themselves: answers, perplexity, length, truncation, errors, duplicates, tokens."""

import math
import statistics
from datetime import UTC, datetime
from operator import itemgetter

import numpy as np
import pytest

from samples.api import Lake
from samples.errors import SamplesError

CORRECT, WRONG, SILENT = "correct", "wrong", "no_answer"
NAN, INF = math.nan, math.inf


def sample(status=None, text="", tokens=4, logprob=-2.0, end="stop", error=None, answer=None, detail=None):
    """One sample with its verdict, if it has one."""
    return {
        "facts": {"tokens": tokens, "cumulative_logprob": logprob, "finish_reason": end, "error": error, "seed": 0},
        "text": text,
        "verdict": status and {"status": status, "answer": answer, "detail": detail},
    }


FAILED = sample(tokens=0, logprob=0.0, end=None, error="EngineDead: out of memory\n  in line 3", text=None)


@pytest.fixture
def lake(tmp_path):
    """An empty lake."""
    return Lake(str(tmp_path / "lake"), create=True)


@pytest.fixture
def draw(lakes, lake):
    """Record a run from samples per problem, judged by the verifier v in pass 1."""

    def record(run, drawn, dataset="d", prompts=None, **labels):
        run_id = f"r-{run}"
        about = {
            "run_id": run_id,
            "name": run,
            "dataset": dataset,
            "model": "m",
            "engine": "imported",
        }  # some have no text
        hashes = [(problem, "h") for problem in drawn]
        more = {"specification": "{}", "problem_hashes": hashes, "labels": list(labels.items()), "versions": []}
        lakes.append(lake, "runs", [{**about, **more, "created_at": datetime(2026, 1, 1, tzinfo=UTC)}])
        tables = {"samples": [], "completions": [], "verdicts": []}
        for problem, rows in drawn.items():
            for index, one in enumerate(rows):
                key = {"problem_id": problem, "sample_index": index}
                tables["samples"].append({**key, "attempt": "x", **one["facts"]})
                if one["text"] is not None:
                    tables["completions"].append({**key, "attempt": "x", "text": one["text"], "token_ids": []})
                if one["verdict"]:
                    judged = {"verifier_version": "1", "pass_id": 1, "seconds": 0.0}
                    tables["verdicts"].append({**key, **judged, **one["verdict"]})
        lengths = prompts or {}
        rows = [{"problem_id": p, "text": "?", "token_ids": [1] * length} for p, length in lengths.items()]
        lakes.append(lake, "prompts", rows, run_id=run_id)
        lakes.append(lake, "samples", tables["samples"], dataset=dataset, run_id=run_id)
        lakes.append(lake, "completions", tables["completions"], dataset=dataset, run_id=run_id)
        lakes.append(lake, "verdicts", tables["verdicts"], verifier="v", run_id=run_id)

    return record


def judged(text, *, correct=False):
    return sample(CORRECT if correct else WRONG, answer=text)


# --- answers


def test_answers_are_counted_and_their_entropy_is_in_nats(lake, draw, oracles):
    problems = {
        "mixed": [judged("1", correct=True), judged("1", correct=True), judged("2"), judged("3"), sample(SILENT)],
        "alike": [judged("7")] * 3,
        "silent": [sample(SILENT), sample(SILENT, answer="not looked at")],
        "one": [judged("", correct=True)],
        "tied": [judged("a"), judged("b", correct=True), judged("a"), judged("b", correct=True)],
        "undecided": [sample("timeout", answer="5"), sample("error"), FAILED],
        "rest": [sample("timeout", answer="5"), judged("6")],
    }
    draw("a", problems)
    rows = {row["problem_id"]: row for row in lake.query("answers")}
    assert list(rows) == sorted(problems.keys() - {"undecided"})
    for problem, row in rows.items():
        decided = [s["verdict"] for s in problems[problem] if s["verdict"]["status"] in {CORRECT, WRONG, SILENT}]
        said = [(None if v["status"] == SILENT else v["answer"], v["status"] == CORRECT) for v in decided]
        entropy = oracles.answer_entropy(said)
        assert row["n"] == len(said)
        assert row["answered"] == sum(text is not None for text, _ in said)
        assert row["distinct_answers"] == oracles.distinct_answers(said)
        assert row["entropy"] == (None if entropy is None else pytest.approx(entropy, abs=1e-15))
    top = {problem: (row["top_answer"], row["top_votes"], row["top_status"]) for problem, row in rows.items()}
    assert top["mixed"] == ("1", 2, CORRECT)
    assert rows["mixed"]["top_share"] == 0.5
    assert top["tied"] == ("b", 2, CORRECT)
    assert top["silent"] == (None, None, None)
    assert top["one"] == ("", 1, CORRECT)
    assert top["alike"] == ("7", 3, WRONG)
    assert str(rows["alike"]["entropy"]) == "0.0"


def test_answers_of_a_run_are_means_over_problems_with_an_answer(lake, draw):
    draw("a", {"p": [judged("1"), judged("2")], "q": [judged("1")], "r": [sample(SILENT)], "s": [sample("timeout")]})
    draw("b", {"p": [sample(SILENT)]}, dataset="e")
    first, second = lake.query("answers_by_run").dicts()
    assert (first["problems"], first["answered"], first["distinct_answers"]) == (3, 2, 1.5)
    assert (first["entropy"], first["top_share"]) == (pytest.approx(math.log(2) / 2), 0.75)
    assert (second["dataset"], second["problems"], second["answered"], second["entropy"]) == ("e", 1, 0, None)


# --- perplexity

UNLIKELY = {
    "likely": (sample(CORRECT, tokens=8, logprob=-2.0), math.exp(0.25)),
    "sure": (sample(CORRECT, tokens=3, logprob=0.0), 1.0),
    "no tokens": (sample(WRONG, tokens=0, logprob=0.0), None),
    "impossible": (sample(WRONG, tokens=2, logprob=-INF), None),
    "not a number": (sample(WRONG, tokens=2, logprob=NAN), None),
    "beyond a float": (sample(WRONG, tokens=1, logprob=-1e6), None),
    "unknown": (sample(WRONG, logprob=None), None),
    "unknown tokens": (sample(WRONG, tokens=None), None),
    "failed": (FAILED, None),
}


def test_perplexity_is_a_finite_number_or_unknown(lake, draw):
    draw("a", {problem: [one] for problem, (one, _) in UNLIKELY.items()})
    rows = {row["problem_id"]: row for row in lake.query("perplexity")}
    assert list(rows) == sorted(UNLIKELY)
    for problem, (one, expected) in UNLIKELY.items():
        assert rows[problem]["perplexity"] == (None if expected is None else pytest.approx(expected, rel=1e-15)), (
            problem
        )
        assert rows[problem]["status"] == (one["verdict"] and one["verdict"]["status"])
        assert rows[problem]["tokens"] == one["facts"]["tokens"]


def test_the_status_is_of_the_verifier_named_or_the_only_one(lake, lakes, draw):
    draw("a", {"p": [sample(CORRECT), sample()]})
    assert [(row["verifier"], row["status"]) for row in lake.query("perplexity")] == [("v", CORRECT), ("v", None)]
    later = {"problem_id": "p", "sample_index": 1, "verifier_version": "1", "pass_id": 2, "seconds": 0.0}
    lakes.append(lake, "verdicts", [{**later, "status": WRONG}], verifier="w", run_id="r-a")
    assert [(row["verifier"], row["status"]) for row in lake.query("perplexity")] == [(None, None)] * 2
    named = lake.query("perplexity", verifier="w")
    assert [(row["verifier"], row["status"]) for row in named] == [("w", None), ("w", WRONG)]


def test_samples_that_nobody_judged_have_perplexities_and_lengths(lake, draw):
    draw("a", {"p": [sample(tokens=2, logprob=-2.0), sample(tokens=4, logprob=-2.0)]})
    assert [row["status"] for row in lake.query("perplexity")] == [None, None]
    for name in ("perplexity_distribution", "perplexity_by_run", "lengths"):
        (row,) = lake.query(name).dicts()
        assert (row["status"], row["verifier"], row["samples"]) == ("all", None, 2)
    (row,) = lake.query("truncation").dicts()
    assert (row["stopped"], row["problems"], row["accuracy"]) == (2, 0, None)


def test_perplexities_are_spread_by_problem_and_status(lake, draw):
    random = np.random.default_rng(0)
    drawn = [(status, random.integers(1, 50), -random.exponential(20)) for status in [CORRECT] * 7 + [WRONG] * 6]
    drawn += [(SILENT, 9, -3.0), ("timeout", 9, -4.0), (None, 9, -5.0)]
    lost = [sample(WRONG, logprob=NAN), FAILED]
    draw("a", {"p": [sample(s, tokens=int(t), logprob=float(p)) for s, t, p in drawn] + lost, "q": [FAILED]})
    rows = {(row["problem_id"], row["status"]): row for row in lake.query("perplexity_distribution")}
    assert list(rows) == [("p", "all"), ("p", CORRECT), ("p", WRONG), ("q", "all")]
    groups = {"all": {CORRECT, WRONG, SILENT, "timeout", None}, CORRECT: {CORRECT}, WRONG: {WRONG, SILENT}}
    for status, statuses in groups.items():
        row = rows["p", status]
        logs = np.array([-logprob / tokens for s, tokens, logprob in drawn if s in statuses])
        expected = np.quantile(np.exp(logs), [0.05, 0.25, 0.5, 0.75, 0.95])
        assert [row[name] for name in ("q05", "q25", "q50", "q75", "q95")] == pytest.approx(list(expected))
        assert row["samples"] == len(logs)
        assert row["unknown"] == {"all": 2, CORRECT: 0, WRONG: 1}[status]
        assert row["mean_log"] == pytest.approx(logs.mean())
    assert (rows["q", "all"]["samples"], rows["q", "all"]["q50"]) == (0, None)


def test_a_runs_perplexity_is_the_mean_over_problems_of_their_medians(lake, draw):
    def of(*values, status=CORRECT):
        return [sample(status, tokens=1, logprob=-math.log(value)) for value in values]

    draw("a", {"p": of(1, 2, 10), "q": of(4, 6) + of(100, status=WRONG), "r": [FAILED]}, step="50")
    rows = {row["status"]: row for row in lake.query("perplexity_by_run")}
    assert rows["all"]["perplexity"] == pytest.approx((2 + 6) / 2)
    assert rows[CORRECT]["perplexity"] == pytest.approx((2 + 5) / 2)
    assert rows[WRONG]["perplexity"] == pytest.approx(100)
    assert [(rows[s]["problems"], rows[s]["samples"]) for s in ("all", CORRECT, WRONG)] == [(2, 6), (2, 5), (1, 1)]
    ends = ("lowest", "q25", "q50", "q75", "highest")
    assert [rows[CORRECT][name] for name in ends] == pytest.approx([2, 2.75, 3.5, 4.25, 5])
    assert [rows["all"][name] for name in ends] == pytest.approx([2, 3, 4, 5, 6])
    assert rows[CORRECT]["mean_log"] == pytest.approx((math.log(20) / 3 + math.log(24) / 2) / 2)
    assert rows["all"]["labels"] == {"step": "50"}


# --- length and truncation


def test_lengths_are_of_samples_that_did_not_fail(lake, draw):
    tokens = {CORRECT: [1, 2, 3, 10], WRONG: [7, 8], SILENT: [16], "timeout": [5]}
    drawn = [sample(status, tokens=count) for status, counts in tokens.items() for count in counts]
    draw("a", {"p": drawn[::2], "q": [*drawn[1::2], FAILED, sample(CORRECT, tokens=None)]})
    rows = {row["status"]: row for row in lake.query("lengths")}
    for status, parts in {"all": list(tokens), CORRECT: [CORRECT], WRONG: [WRONG, SILENT]}.items():
        counts, row = [count for part in parts for count in tokens[part]], rows[status]
        assert (row["samples"], row["min"], row["max"]) == (len(counts), min(counts), max(counts))
        assert (row["mean"], row["q50"]) == (pytest.approx(statistics.mean(counts)), statistics.median(counts))
        assert [row["q05"], row["q95"]] == pytest.approx(list(np.quantile(counts, [0.05, 0.95])))
        assert row["unknown"] == {"all": 1, CORRECT: 1, WRONG: 0}[status]


def test_accuracy_is_told_with_and_without_what_was_cut(lake, draw):
    cut = {"end": "length"}
    problems = {
        "p": [sample(CORRECT), sample(WRONG, **cut), sample(SILENT, **cut), sample(CORRECT, **cut)],  # 2/4, 1/1
        "q": [sample(WRONG), sample(CORRECT), sample("timeout", **cut), FAILED],  # 1/2, 1/2
        "r": [sample(WRONG, **cut)],  # 0/1, not there
        "s": [sample(CORRECT, end=None)],  # 1/1, 1/1
        "t": [sample("error")],
    }
    draw("a", problems)
    draw("b", {"p": [sample(CORRECT, end=None)]}, dataset="e")
    draw("c", {"p": [FAILED]}, dataset="e")
    rows = {row["run"]: row for row in lake.query("truncation")}
    row = rows["a"]
    assert [row[name] for name in ("samples", "stopped", "cut", "unknown", "errors")] == [11, 4, 5, 1, 1]
    assert row["share_cut"] == pytest.approx(5 / 9)
    assert (row["problems"], row["accuracy"]) == (4, pytest.approx((1 / 2 + 1 / 2 + 0 + 1) / 4))
    assert (row["problems_without_cut"], row["accuracy_without_cut"]) == (3, pytest.approx((1 + 1 / 2 + 1) / 3))
    assert (rows["b"]["share_cut"], rows["b"]["accuracy"], rows["b"]["unknown"]) == (None, 1, 1)
    assert (rows["c"]["errors"], rows["c"]["problems"], rows["c"]["accuracy"]) == (1, 0, None)


def test_accuracy_is_pass_at_1(filled):
    means = {row["run"]: row["pass_at_k"] for row in filled.query("pass_at_k", ks=1)}
    assert {row["run"]: row["accuracy"] for row in filled.query("truncation")} == pytest.approx(means)


# --- errors


def test_errors_say_why_there_is_no_completion_or_no_verdict(lake, lakes, draw):
    slow = sample("timeout", detail="after 10 s")
    broken = sample("error", detail="\nValueError: no\n  at line 1\n")
    draw("a", {"p": [FAILED, sample(CORRECT), slow, broken], "q": [FAILED, FAILED, slow, sample("error")]})
    draw("b", {"p": [sample(CORRECT)]})
    rows = lake.query("errors").dicts()
    assert [(row["kind"], row["verifier"], row["error"], row["samples"], row["problems"]) for row in rows] == [
        ("sampling", None, "EngineDead: out of memory", 3, 2),
        ("timeout", "v", "after 10 s", 2, 2),
        ("verdict error", "v", "ValueError: no", 1, 1),
        ("verdict error", "v", None, 1, 1),
    ]
    assert [(row["example_problem_id"], row["example_sample_index"]) for row in rows] == [
        ("p", 0),
        ("p", 2),
        ("p", 3),
        ("q", 3),
    ]
    later = {"problem_id": "p", "sample_index": 2, "verifier_version": "2", "pass_id": 2, "seconds": 0.0}
    lakes.append(lake, "verdicts", [{**later, "status": CORRECT}], verifier="v", run_id="r-a")
    lakes.append(lake, "verdicts", [{**later, "status": "timeout"}], verifier="w", run_id="r-a")
    found = [(row["kind"], row["verifier"], row["samples"]) for row in lake.query("errors")]
    assert found == [
        ("sampling", None, 3),
        ("timeout", "v", 1),
        ("timeout", "w", 1),
        ("verdict error", "v", 1),
        ("verdict error", "v", 1),
    ]
    assert {row["verifier"] for row in lake.query("errors", verifier="w")} == {None, "w"}
    assert len(lake.query("errors", runs="b")) == 0


# --- texts and tokens


def test_duplicates_are_texts_that_are_not_the_first_of_their_kind(lake, draw, oracles):
    texts = {
        "p": ["x", "x", "x", "y"],
        "q": ["x", "y"],
        "r": ["", "", " "],
        "s": ["é", "e\u0301", "\x00", "\x00\x00"],
        "t": ["x" * 100_000, "x" * 100_000 + "y"],
        "one": ["x"],
    }
    draw("a", {problem: [sample(text=text) for text in some] + [FAILED] for problem, some in texts.items()})
    draw("b", {"p": [sample(text="x"), sample(text=None)], "q": [FAILED, FAILED]}, dataset="e")
    rows = lake.query("duplicates").dicts()
    found = {row["problem_id"]: row for row in rows if row["run"] == "a"}
    for problem, some in texts.items():
        assert found[problem]["samples"] == len(some)
        assert found[problem]["distinct_texts"] == len(set(some))
        assert found[problem]["duplicate_rate"] == pytest.approx(float(oracles.duplicate_rate(some)))
    rates = [row["duplicate_rate"] for row in rows]
    assert rates == sorted(rates, reverse=True)
    assert [(row["problem_id"], row["samples"]) for row in rows if row["run"] == "b"] == [("p", 1)]


def test_a_failed_sample_with_an_empty_completion_is_no_duplicate(lake, draw):
    draw("a", {"p": [sample(text=""), {**FAILED, "text": ""}, {**FAILED, "text": ""}]})
    (row,) = lake.query("duplicates").dicts()
    assert (row["samples"], row["duplicate_rate"]) == (1, 0)


def test_tokens_are_summed_over_samples_and_prompts_counted_for_each(lake, draw):
    problems = {"p": [sample(tokens=3), sample(tokens=5), FAILED], "q": [sample(tokens=4), sample(tokens=None)]}
    draw("a", problems, prompts={"p": 10, "q": 100, "not drawn": 1000})
    draw("b", {"p": [FAILED], "q": [FAILED]}, dataset="e", prompts={"p": 10})
    draw("c", {}, dataset="e")
    a, b, c = lake.query("tokens_by_run").dicts()
    assert [a[name] for name in ("problems", "samples", "errors", "tokens", "unknown")] == [2, 5, 1, 12, 1]
    assert (a["prompt_tokens"], a["mean"], a["max"], a["model"]) == (230, 4.0, 5, "m")
    assert [b[name] for name in ("problems", "samples", "errors", "tokens", "unknown")] == [2, 2, 2, 0, 0]
    assert (b["prompt_tokens"], b["mean"], b["max"]) == (None, None, None)
    assert [c[name] for name in ("problems", "samples", "errors", "tokens", "unknown")] == [0] * 5


def test_tokens_that_are_not_known_are_null_and_not_none(lake, draw):
    draw("a", {"p": [sample(tokens=3), sample(tokens=None), FAILED]})
    draw("b", {"p": [sample(tokens=None), sample(tokens=None), FAILED]}, dataset="e")
    draw("c", {"p": [FAILED]}, dataset="e")
    draw("d", {}, dataset="e")
    expected = [("a", 3, 1), ("b", None, 2), ("c", 0, 0), ("d", 0, 0)]
    for name in ("tokens_by_run", "runs"):
        rows = sorted(lake.query(name).dicts(), key=itemgetter("run"))
        assert [(row["run"], row["tokens"], row["unknown"]) for row in rows] == expected


def test_tokens_of_imported_counts_are_not_known(tmp_path):
    lake = Lake(str(tmp_path / "lake"), create=True)
    (tmp_path / "counts.json").write_text('{"problem_id": "p", "n": 4, "c": 1}')
    lake.import_file(tmp_path / "counts.json", name="counted", dataset="d")
    for name in ("tokens_by_run", "runs"):
        (row,) = lake.query(name).dicts()
        assert (row["samples"], row["tokens"], row["unknown"]) == (0, None, 0)
    with pytest.raises(SamplesError, match="tokens_by_run: nothing to draw: no tokens are known"):
        lake.plot("tokens_by_run")
