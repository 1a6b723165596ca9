"""Each format as its tool writes it, and its rows in the lake."""

import gzip
import io
import json
import math
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from samples.api import Lake
from samples.errors import UsageError
from samples.exchange.imports.load import load


@pytest.fixture
def imported(tmp_path):
    """Import rows as one JSONL file. Returns {(problem, index): all values of the sample}, and the lake."""

    def run(form, rows, name="file.jsonl", **more):
        path = tmp_path / name
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return of(load(str(tmp_path / "lake"), str(path), form, name="a", dataset="d", **more))

    def of(summary):
        lake = Lake(str(tmp_path / "lake"))
        found = {}
        for table in ("samples", "completions", "verdicts"):
            for row in lake.read(table, run_id=summary.run.run_id).to_pylist():
                found.setdefault((row["problem_id"], row["sample_index"]), {}).update(row)
        return found, lake

    run.of = of
    run.lake = str(tmp_path / "lake")
    return run


def problems(lake):
    return {row["problem_id"]: (row["question"], row["answer"]) for row in lake.read("problems").to_pylist()}


def test_samples_keep_every_field_they_name(imported):
    row = {
        "problem_id": "p", "sample_index": 7, "completion": "x = 2", "token_ids": [5, 6], "tokens": 2,
        "token_logprobs": [-0.5, "-Infinity"], "finish_reason": "stop", "stop_reason": 6, "seed": -3, "status": "wrong",
        "answer": 2, "reward": 0.25, "detail": "why", "seconds": 0.5, "question": "x?", "gold": 3.0, "colour": "red",
    }  # fmt: skip
    found, lake = imported("samples", [row])
    sample = found["p", 7]
    assert (sample["text"], sample["token_ids"], sample["token_logprobs"]) == ("x = 2", [5, 6], [-0.5, -math.inf])
    assert (sample["tokens"], sample["cumulative_logprob"], sample["seed"]) == (2, -math.inf, -3)
    assert (sample["finish_reason"], sample["stop_reason"], sample["error"]) == ("stop", "6", None)
    assert (sample["status"], sample["answer"], sample["reward"], sample["detail"]) == ("wrong", "2", 0.25, "why")
    assert (sample["verifier"], sample["pass_id"], sample["seconds"]) == ("imported", 1, 0.5)
    assert problems(lake) == {"p": ("x?", "3")}


def test_what_a_file_does_not_say_is_null_and_not_nothing(imported):
    found, lake = imported("samples", [{"problem_id": "p", "completion": "x", "correct": True}])
    sample = found["p", 0]
    for name in ("tokens", "cumulative_logprob", "seed", "token_ids", "token_logprobs", "seconds", "finish_reason"):
        assert sample[name] is None, name
    assert problems(lake) == {"p": (None, None)}


def test_samples_without_an_index_are_numbered_in_the_order_of_the_file(imported):
    rows = [{"problem_id": p, "completion": f"{p}{n}"} for n in range(3) for p in ("p", "q")]
    found, _ = imported("samples", rows)
    assert {key: sample["text"] for key, sample in found.items()} == {
        (p, n): f"{p}{n}" for p in ("p", "q") for n in range(3)
    }


def test_a_sample_that_failed_has_no_verdict_and_a_judged_one_may_have_no_text(imported):
    found, lake = imported("samples", [{"problem_id": "p", "error": "boom"}, {"problem_id": "p", "correct": 1}])
    assert found["p", 0]["error"] == "boom"
    assert "status" not in found["p", 0]
    assert found["p", 1]["status"] == "correct"
    assert lake.delta("completions") is None


def test_one_of_several_verifiers_columns_is_chosen(imported):
    row = {
        "problem_id": "p",
        "completion": "x",
        "math_status": "wrong",
        "numeric_status": "correct",
        "numeric_answer": "1",
    }
    with pytest.raises(
        UsageError, match="line 1: there are several scores; choose with --score: math, numeric, or none"
    ):
        imported("samples", [row])
    found, _ = imported("samples", [row], score="numeric")
    assert (found["p", 0]["status"], found["p", 0]["answer"]) == ("correct", "1")


def test_a_score_that_is_not_there_is_refused(imported):
    with pytest.raises(UsageError, match='no score "math"; choose with --score: correct, or none'):
        imported("samples", [{"problem_id": "p", "correct": True}], score="math")


def test_verdicts_may_be_left_out(imported):
    found, _ = imported("samples", [{"problem_id": "p", "completion": "x", "correct": True}], score="none")
    assert "status" not in found["p", 0]


@pytest.mark.parametrize("packed", [False, True])
def test_a_json_list_is_read_like_lines(imported, tmp_path, packed):
    rows = [{"problem_id": f"p{n}", "completion": "é" * n, "correct": n % 2 == 0} for n in range(5)]
    data = json.dumps(rows, indent=1).encode()
    path = tmp_path / ("file.json.gz" if packed else "file.json")
    path.write_bytes(gzip.compress(data) if packed else data)
    found, _ = imported.of(load(imported.lake, str(path), "samples", name="a", dataset="d"))
    assert [found[f"p{n}", 0]["text"] for n in range(5)] == ["é" * n for n in range(5)]


def test_parquet_with_gaps_is_read_like_lines(imported, tmp_path):
    """pandas writes a column of integers with gaps as floats, and the gaps as NaN."""
    table = pa.table(
        {
            "problem_id": ["p", "p"],
            "sample_index": pa.array([0.0, 1.0]),
            "completion": ["x", None],
            "tokens": pa.array([3.0, math.nan]),
            "correct": pa.array([1.0, math.nan]),
            "error": [None, "boom"],
        }
    )
    pq.write_table(table, tmp_path / "file.parquet")
    found, _ = imported.of(load(imported.lake, str(tmp_path / "file.parquet"), "samples", name="a", dataset="d"))
    assert (found["p", 0]["tokens"], found["p", 0]["status"]) == (3, "correct")
    assert (found["p", 1]["tokens"], found["p", 1]["error"]) == (None, "boom")


def test_human_eval_samples_are_numbered_and_a_program_that_timed_out_is_wrong(imported):
    rows = [
        {"task_id": "HumanEval/0", "completion": "a", "result": "passed", "passed": True},
        {"task_id": "HumanEval/0", "completion": "b", "result": "timed out", "passed": False},
        {"task_id": "HumanEval/0", "completion": "c", "result": "failed: name 'x'", "passed": False},
    ]
    found, _ = imported("human-eval", rows)
    assert [found["HumanEval/0", n]["status"] for n in range(3)] == ["correct", "wrong", "wrong"]
    assert found["HumanEval/0", 1]["detail"] == "timed out"
    assert found["HumanEval/0", 2]["detail"] == "failed: name 'x'"


def test_human_eval_samples_that_nobody_ran_have_no_verdicts(imported):
    found, lake = imported("human-eval", [{"task_id": "HumanEval/0", "completion": "a"}])
    assert found["HumanEval/0", 0]["text"] == "a"
    assert lake.delta("verdicts") is None


QWEN = {"idx": 3, "question": "2 + 2?", "gt": "4", "gt_cot": "…", "report": ["Done", "Done", "Done"]}


def test_qwen_math_rows_are_a_problem_each(imported):
    row = {**QWEN, "code": ["a", "b", "c"], "pred": ["4", "5", ""], "score": [True, False, False]}
    found, lake = imported("qwen-math", [row, {**QWEN, "idx": 4, "code": ["d"], "pred": ["4"], "score": [True]}])
    assert [found["3", n]["status"] for n in range(3)] == ["correct", "wrong", "no_answer"]
    assert [found["3", n]["answer"] for n in range(3)] == ["4", "5", None]
    assert found["4", 0]["text"] == "d"
    assert problems(lake)["3"] == ("2 + 2?", "4")


def test_qwen_math_files_of_several_seeds_that_were_put_together_go_on_numbering(imported):
    rows = [{**QWEN, "code": [text], "pred": ["4"], "score": [True]} for text in ("a", "b")]
    found, _ = imported("qwen-math", rows)
    assert [found["3", n]["text"] for n in range(2)] == ["a", "b"]


LM = {"doc_id": 0, "doc": {"question": "2 + 2?", "answer": "#### 4"}, "target": "4", "filter": "none"}


def test_lm_eval_rows_are_samples_with_the_metrics_verdict(imported):
    rows = [
        {**LM, "resps": [["so 4"]], "filtered_resps": ["4"], "metrics": ["exact_match"], "exact_match": 1.0},
        {**LM, "doc_id": 1, "resps": [["so 5"]], "filtered_resps": ["[invalid]"], "exact_match": 0.0},
    ]
    found, lake = imported("lm-eval", rows)
    assert (found["0", 0]["text"], found["0", 0]["status"], found["0", 0]["answer"]) == ("so 4", "correct", "4")
    assert (found["1", 0]["status"], found["1", 0]["answer"]) == ("no_answer", None)
    assert problems(lake)["0"] == ("2 + 2?", "4")


def test_lm_eval_rows_of_two_filters_are_the_same_samples_and_one_must_be_chosen(imported):
    both = [
        {**LM, "filter": name, "resps": [["so 4"]], "filtered_resps": [answer], "exact_match": right}
        for name, answer, right in (("strict-match", "[invalid]", 0.0), ("flexible-extract", "4", 1.0))
    ]
    with pytest.raises(UsageError, match=r'line 2: filter is "flexible-extract", .* choose one with --score'):
        imported("lm-eval", both)
    found, _ = imported("lm-eval", both, score="exact_match,flexible-extract")
    assert [(key, sample["status"]) for key, sample in found.items()] == [(("0", 0), "correct")]


def test_lm_eval_repeats_are_samples_and_their_one_score_is_the_verdict_on_none(imported):
    row = {**LM, "resps": [["a", "b", "c"]], "filtered_resps": ["4"], "exact_match": 1.0}
    found, lake = imported("lm-eval", [row])
    assert [found["0", n]["text"] for n in range(3)] == ["a", "b", "c"]
    assert lake.delta("verdicts") is None


def test_lm_eval_log_likelihoods_are_a_verdict_without_a_completion(imported):
    row = {**LM, "resps": [[[-1.5, False]], [[-0.5, True]]], "filtered_resps": [[-1.5, False], [-0.5, True]], "acc": 1}
    found, lake = imported("lm-eval", [row])
    assert found["0", 0]["status"] == "correct"
    assert lake.delta("completions") is None


def test_lm_eval_metrics_that_are_several_must_be_chosen_from(imported):
    row = {**LM, "resps": [["a"]], "filtered_resps": ["a"], "acc": 1.0, "exact_match": 0.0}
    with pytest.raises(UsageError, match="--score: exact_match, acc, or none"):
        imported("lm-eval", [row])
    assert imported("lm-eval", [row], score="acc")[0]["0", 0]["status"] == "correct"


def inspected(epoch, value, text="so 4", **more):
    return {
        "id": "q1", "epoch": epoch, "target": "4",
        "input": [{"role": "system", "content": "s"}, {"role": "user", "content": "2 + 2?"}],
        "scores": {"match": {"value": value, "answer": "4"}},
        "output": {
            "model": "m/x", "usage": {"output_tokens": 5},
            "choices": [{"message": {"content": [{"type": "text", "text": text}]}, "stop_reason": "max_tokens"}],
        },
        **more,
    }  # fmt: skip


def inspect_log(samples, kind):
    header = {"version": 2, "status": "success", "eval": {"model": "m/x"}}
    if kind == ".json":
        return json.dumps({**header, "samples": samples, "reductions": []}).encode()
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.json", json.dumps(header))
        for sample in samples:
            archive.writestr(f"samples/{sample['id']}_epoch_{sample['epoch']}.json", json.dumps(sample))
    return data.getvalue()


@pytest.mark.parametrize("kind", [".json", ".eval"])
def test_inspect_epochs_are_samples_with_the_scorers_verdict(imported, tmp_path, kind):
    values = ["C", "I", "N", "P", math.nan, True, 0.25, None]
    path = tmp_path / f"log{kind}"
    path.write_bytes(inspect_log([inspected(n + 1, value) for n, value in enumerate(values)], kind))
    found, lake = imported.of(load(imported.lake, str(path), "inspect", name="a", dataset="d"))
    assert [found["q1", n]["status"] for n in range(8)] == [
        "correct", "wrong", "no_answer", "wrong", "error", "correct", "wrong", "error",
    ]  # fmt: skip
    assert [found["q1", n]["reward"] for n in range(8)] == [None, None, None, 0.5, None, None, 0.25, None]
    assert (found["q1", 0]["text"], found["q1", 0]["tokens"]) == ("so 4", 5)
    assert found["q1", 0]["finish_reason"] == "length"
    assert problems(lake) == {"q1": ("2 + 2?", "4")}
    assert lake.read("runs")["model"].to_pylist() == ["m/x"]


def test_inspect_samples_that_were_halted_are_errors(imported, tmp_path):
    halted = inspected(1, "C", scores=None, error={"message": "timed out", "traceback": "…"}, output={"choices": []})
    (tmp_path / "log.json").write_bytes(inspect_log([halted], ".json"))
    found, _ = imported.of(load(imported.lake, str(tmp_path / "log.json"), "inspect", name="a", dataset="d"))
    assert found["q1", 0]["error"] == "timed out"
    assert "text" not in found["q1", 0]


def test_inspect_log_probs_and_attachments_are_kept(imported, tmp_path):
    sample = inspected(1, "C", attachments={"abc": "long text"}, input="attachment://abc")
    sample["output"]["choices"][0] |= {
        "message": {"content": "attachment://abc"},
        "logprobs": {"content": [{"token": "a", "logprob": -0.5}, {"token": "b", "logprob": -1.5}]},
    }
    (tmp_path / "log.json").write_bytes(inspect_log([sample], ".json"))
    found, lake = imported.of(load(imported.lake, str(tmp_path / "log.json"), "inspect", name="a", dataset="d"))
    assert (found["q1", 0]["text"], problems(lake)["q1"][0]) == ("long text", "long text")
    assert (found["q1", 0]["tokens"], found["q1", 0]["cumulative_logprob"]) == (2, -2.0)
    assert (found["q1", 0]["token_ids"], found["q1", 0]["token_logprobs"]) == (None, [-0.5, -1.5])


def test_inspect_choices_are_samples_and_the_score_is_the_firsts(imported, tmp_path):
    sample = inspected(1, "C")
    sample["output"]["choices"] = [{"message": {"content": text}, "stop_reason": "stop"} for text in ("a", "b")]
    (tmp_path / "log.json").write_bytes(inspect_log([sample], ".json"))
    found, _ = imported.of(load(imported.lake, str(tmp_path / "log.json"), "inspect", name="a", dataset="d"))
    assert [found["q1", n]["text"] for n in range(2)] == ["a", "b"]
    assert [found["q1", n].get("status") for n in range(2)] == ["correct", None]


NEMO = {
    "problem": "2 + 2?",
    "expected_answer": 4,
    "generation": "so 4",
    "predicted_answer": "4",
    "num_generated_tokens": 2,
}


def test_nemo_skills_rows_are_samples(imported):
    rows = [
        {**NEMO, "id": "a", "symbolic_correct": True},
        {**NEMO, "id": "a", "symbolic_correct": False, "predicted_answer": None},
        {**NEMO, "is_correct": False},
    ]
    found, lake = imported("nemo-skills", rows)
    assert [found["a", n]["status"] for n in range(2)] == ["correct", "no_answer"]
    (hashed,) = {problem for problem, _ in found} - {"a"}
    assert hashed.startswith("q-")
    assert (found[hashed, 0]["status"], found[hashed, 0]["tokens"]) == ("wrong", 2)
    assert problems(lake)[hashed] == ("2 + 2?", "4")


def test_a_nemo_skills_problem_without_id_has_the_id_that_a_problem_file_gives_it(imported, tmp_path):
    from samples.problems.problems import load as load_problems

    found, _ = imported("nemo-skills", [{**NEMO, "is_correct": True}])
    (tmp_path / "p.jsonl").write_text(json.dumps({"problem": "2 + 2?", "answer": "4"}))
    assert {problem for problem, _ in found} == {load_problems(str(tmp_path / "p.jsonl")).problems[0].problem_id}


def test_nemo_skills_judgements_are_read_and_chosen(imported):
    said = ["…\nJudgement: Yes", "Judgement: **", "Judgement: No, it is not"]
    rows = [{**NEMO, "id": "a", "symbolic_correct": True, "judgement": text} for text in said]
    with pytest.raises(UsageError, match="--score: symbolic_correct, judgement"):
        imported("nemo-skills", rows)
    found, _ = imported("nemo-skills", rows, score="judgement")
    assert [found["a", n]["status"] for n in range(3)] == ["correct", "error", "wrong"]
