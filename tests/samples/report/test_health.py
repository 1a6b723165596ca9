"""The section about health says in words what is wrong with the samples, and nothing else."""

from datetime import UTC, datetime

import pytest

from samples.engines import Sampling
from samples.report.asking import Asker
from samples.report.sections import alike, health, repeats
from samples.report.subject import Subject
from samples.runs.run import Run


@pytest.fixture
def said(part):
    """Return what gives the sentences of the section, by kind."""

    def give(lake, *runs):
        found: dict[str, list[str]] = {}
        for kind, text in part(lake, list(runs), health.section).said["health"]:
            found.setdefault(kind, []).append(text)
        return found

    return give


def test_samples_of_which_nothing_is_wrong_have_a_clean_bill(lakes, said, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    lakes.add_run(lake, "x", {"p1": "cwc", "p2": "www"})
    lakes.add_run(lake, "y", {"p1": "ccc", "p2": "wcw"})
    found = said(lake, "x", "y")
    assert found.keys() <= {"good", "plain"}
    (good,) = found["good"]
    assert good == (
        "Nothing is wrong: the samples that were asked for are there and judged, and nothing about them changes how "
        "the numbers read."
    )


def test_errors_timeouts_cut_samples_and_ragged_n_are_told(lakes, said, tmp_path):
    found = said(lakes.filled(tmp_path / "lake"), "a", "b")
    care = " ".join(found["care"])
    assert "good" not in found
    assert "a: 1 sample has no verdict, because the verifier v failed. No figure counts it as wrong." in care
    assert "b: 1 sample has no verdict, because the verifier v took too long." in care
    assert "a: 4 of 16 samples (25 %) were cut at the limit of tokens." in care
    assert "a: problems have between 3 and 4 verified samples." in care
    assert "b: problems have between 2 and 4 verified samples." in care


def test_samples_that_were_asked_for_and_are_not_there_are_wrong(lakes, said, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    lakes.add_run(lake, "x", {"p1": "cwc", "p2": "www"})
    run = {row["run"]: row["run_id"] for row in lake.query("runs")}["x"]
    asked = {"run_id": run, "number": 1, "k": 5, "created_at": datetime.now(UTC)}
    lakes.append(lake, "ingests", [asked])
    (wrong,) = said(lake, "x")["wrong"]
    assert wrong == (
        "Wrong: x: 6 of the 10 samples that were asked for are there (5 of each problem). The same samples ingest "
        "command again draws the rest."
    )


def test_a_run_that_still_grows_is_wrong_to_read(lakes, said, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    lakes.add_run(lake, "x", {"p1": "cwc", "p2": "www"})
    run = {row["run"]: row["run_id"] for row in lake.query("runs")}["x"]
    lakes.append(lake, "ingests", [{"run_id": run, "number": 1, "k": 5, "created_at": datetime.now(UTC)}])
    facts = {"tokens": 4, "cumulative_logprob": -2.0, "seed": 4, "attempt": "x", "finish_reason": "stop"}
    here, key = {"dataset": "d", "run_id": run}, {"problem_id": "p1", "sample_index": 3}
    text = {"attempt": "x", "text": "p1 new", "token_ids": [7] * 4, "token_logprobs": [-0.5] * 4}
    lakes.append(lake, "completions", [{**key, **text}], **here)
    lakes.append(lake, "samples", [{**key, **facts}], **here)
    found = said(lake, "x")
    (wrong,) = found["wrong"]
    assert wrong.startswith("Wrong: x still grows: 7 of the 10 samples that were asked for are there")
    assert any("1 of x: samples without a verdict of v" in text for text in found["care"])


def test_runs_of_unequal_n_are_told_at_which_n_they_compare(lakes, said, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    lakes.add_run(lake, "x", {"p1": "cwc", "p2": "www"})
    lakes.add_run(lake, "y", {"p1": "cc", "p2": "wc"})
    care = " ".join(said(lake, "x", "y")["care"])
    assert "(at most x 3, y 2)" in care
    assert "--at-n 2" in care


def run(name, problems, sampling=None, **template):
    settings = {"kind": "plain", "text": "{question}", **template}
    specification = {"model": "m", "dataset": "d", "template": settings, "sampling": sampling or {}, "run": name}
    return Run(name, "d", "vllm", "m", specification, problems)


def compared(lake, *runs):
    return [sentence.text for sentence in alike.sentences(Asker(lake.pin(), Subject(runs, None, (), {}), print))]


def test_runs_with_the_same_problems_and_templates_are_alike(filled):
    assert compared(filled, run("a", {"p": "1"}), run("b", {"p": "1"})) == []


def test_different_problem_sets_and_versions_are_told(filled):
    first, second = compared(filled, run("a", {"p": "1", "q": "1"}), run("b", {"p": "2", "r": "1", "s": "1"}))
    assert first == ("d: a has 2 problems, b 3, and 1 are in both. Comparisons are of those that both have.")
    assert second == "d: 1 problem had another content in b than in a. They are left out of comparisons."


def test_different_templates_are_told(filled):
    (told,) = compared(filled, run("a", {"p": "1"}), run("b", {"p": "1"}, suffix="Think."))
    assert told.startswith("d: the prompts come from different templates (suffix differs).")


def test_processed_log_probs_are_told(filled):
    processed = {"logprobs_mode": "processed_logprobs"}
    assert Sampling(**processed)
    (told,) = compared(filled, run("a", {"p": "1"}), run("b", {"p": "1"}, processed))
    assert told.startswith("b has processed log-probs: those of the distribution that tokens were drawn from")


@pytest.mark.parametrize(
    ("tokens", "temperature", "kind"),
    [(12, 1.0, "plain"), (400, 1.0, "wrong"), (400, 0.0, "care"), (None, 1.0, "plain")],
)
def test_repeated_texts_are_wrong_where_chance_does_not_explain_them(tokens, temperature, kind):
    sentence = repeats.told("a", 100, 40, tokens, temperature)
    assert sentence.kind == kind
    assert sentence.text.startswith("a: 40 of 100 samples (40 %) repeat an earlier text of the same problem.")
