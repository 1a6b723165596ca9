"""Files in the shapes that tools write: every sample with its text, its number, its verdict and its gold answer.

All questions and completions are made up. Sample j of problem i is right where RIGHT says so: it then ends in the gold
answer, else in 17. So verdicts and golds can be told from the texts alone.
"""

import json
from collections.abc import Callable

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from samples.exchange.imports.load import load

QUESTIONS = ("How many jars do 7 crates of 12 hold?", "Compute 3/4 + 1/6.", "What is 2^10 mod 7?")
GOLDS = ("84", "11/12", "2")
RIGHT = ((1, 1, 0), (1, 0, 1), (0, 1, 1))
EACH = [(i, j) for i in range(3) for j in range(3)]


def text(i, j):
    return f"Attempt {j}: the result is {answer(i, j)}"


def answer(i, j):
    return GOLDS[i] if RIGHT[i][j] else "17"


def right(i, j):
    return bool(RIGHT[i][j])


def user(i):
    return [{"role": "user", "content": QUESTIONS[i]}]


def said(i, j):
    return {"role": "assistant", "content": text(i, j)}


def chat(i, *choices, **body):
    choices = [{"index": j, "message": said(i, j), "finish_reason": "stop", **more} for j, more in choices]
    return {"id": "chatcmpl", "model": "m/x", "choices": choices, **body}


def logprobs(i, j):
    return [{"token": word, "logprob": -0.5 * (j + 1), "top_logprobs": []} for word in text(i, j).split()]


ROWS: dict[str, Callable[[], list[object]]] = {
    "openai batch, n choices": lambda: [
        {
            "id": f"batch_{i}",
            "custom_id": f"math-{i}",
            "response": {
                "status_code": 200,
                "body": chat(i, *((j, {"logprobs": {"content": logprobs(i, j)}}) for j in range(3)), usage={
                    "completion_tokens": 93
                }),
            },
            "error": None,
        }
        for i in range(3)
    ],
    "verl rollouts": lambda: [
        {
            "input": f"<|im_start|>system\nThink.<|im_end|>\n<|im_start|>user\n{QUESTIONS[i]}<|im_end|>\n"
            "<|im_start|>assistant\n",
            "output": text(i, j), "gts": GOLDS[i], "score": float(right(i, j)), "step": 20,
        }
        for i, j in EACH
    ],
    "verl rollouts of DAPO": lambda: [
        {
            "input": f"system\nThink.\nuser\n{QUESTIONS[i]}\nassistant\n",
            "output": text(i, j), "gts": GOLDS[i], "score": 1.0 if right(i, j) else -1.0, "acc": right(i, j),
            "pred": answer(i, j),
        }
        for i, j in EACH
    ],
    "verl test outputs": lambda: [
        {
            "data_source": "math", "prompt": user(i), "reward_model": {"ground_truth": GOLDS[i], "style": "rule"},
            "extra_info": {"index": i, "answer": f"so {GOLDS[i]}"}, "responses": [text(i, j) for j in range(3)],
        }
        for i in range(3)
    ],
    "lighteval details": lambda: [
        {
            "doc": {"query": QUESTIONS[i], "choices": ["0", GOLDS[i]], "gold_index": 1, "id": str(i)},
            "model_response": {
                "input": f"prompt {i}", "text": [text(i, j) for j in range(3)],
                "output_tokens": [[5, i, j] for j in range(3)], "reasonings": [None] * 3, "logprobs": [],
            },
            "metric": {"pass@k:k=1&n=3": 2 / 3},
        }
        for i in range(3)
    ],
    "lighteval details of old": lambda: [
        {
            "example": QUESTIONS[i], "full_prompt": QUESTIONS[i], "gold": [GOLDS[i]],
            "predictions": [text(i, j) for j in range(3)], "metrics": {"maj@3": 1.0},
        }
        for i in range(3)
    ],
    "messages with a reward": lambda: [
        {"id": f"m{i}", "messages": [*user(i), said(i, j)], "reward": float(right(i, j)), "ground_truth": GOLDS[i]}
        for i, j in EACH
    ],
    "messages of ShareGPT": lambda: [
        {
            "conversations": [{"from": "human", "value": QUESTIONS[i]}, {"from": "gpt", "value": text(i, j)}],
            "correct": right(i, j), "answer": GOLDS[i],
        }
        for i, j in EACH
    ],
    "messages as JSON text": lambda: [
        {"prompt": json.dumps(user(i)), "completion": json.dumps([said(i, j)]), "reward": float(right(i, j)),
         "answer": GOLDS[i]}
        for i, j in EACH
    ],
    "verifiers rollouts": lambda: [
        {
            "example_id": i, "prompt": [{"role": "system", "content": "Think."}, *user(i)], "completion": [said(i, j)],
            "reward": right(i, j) + 0.2, "metrics": {"correct_answer": float(right(i, j)), "format_reward": 1.0},
            "correct_answer": float(right(i, j)), "format_reward": 1.0, "answer": GOLDS[i], "error": None,
        }
        for i, j in EACH
    ],
    "NeMo Gym rollouts": lambda: [
        {
            "responses_create_params": {"input": user(i)},
            "response": {
                "id": f"resp_{i}{j}", "model": "m/x",
                "output": [
                    {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text(i, j)}]}
                ],
            },
            "reward": float(right(i, j)), "expected_answer": GOLDS[i], "_ng_task_index": i, "_ng_rollout_index": j,
        }
        for i, j in EACH
    ],
    "OpenCompass results": lambda: [
        {
            "prompt": QUESTIONS[i], "origin_prediction": text(i, 0), "predictions": answer(i, 0),
            "references": GOLDS[i], "correct": right(i, 0),
        }
        for i in range(3)
    ],
    "monkeys": lambda: [
        {
            "question": QUESTIONS[i], "samples": [text(i, j) for j in range(3)], "gt_answer": GOLDS[i],
            "is_corrects": [right(i, j) for j in range(3)], "orig_dset_idx": 100 + i, "orig_dset_split": "test",
        }
        for i in range(3)
    ],
    "Ray Data LLM": lambda: [
        {
            "id": f"m{i}", "question": QUESTIONS[i], "answer": GOLDS[i], "generated_text": text(i, j),
            "generated_tokens": [7, i, j], "num_generated_tokens": 3, "prompt": f"<s>{QUESTIONS[i]}",
            "prompt_token_ids": [1, 2], "request_id": 3 * i + j,
        }
        for i, j in EACH
    ],
    "TRL completions": lambda: [
        {
            "step": 5, "prompt": user(i), "completion": [said(i, j)], "accuracy_reward": float(right(i, j)),
            "format_reward": 0.0, "advantage": 0.3, "solution": f"It is \\boxed{{{GOLDS[i]}}}",
        }
        for i, j in EACH
    ],
    "evalscope reviews": lambda: [
        {
            "index": 3 * i + j, "input": f"**User**: {QUESTIONS[i]}", "target": GOLDS[i],
            "sample_score": {
                "score": {
                    "value": {"acc": float(right(i, j))}, "extracted_prediction": answer(i, j),
                    "prediction": text(i, j), "main_score_name": "acc",
                },
                "sample_id": 3 * i + j, "group_id": i,
            },
        }
        for i, j in EACH
    ],
    "evalscope reviews of old": lambda: [
        {
            "index": i, "raw_input": {"question": QUESTIONS[i]},
            "choices": [
                {"message": said(i, j), "review": {"gold": GOLDS[i], "pred": answer(i, j), "result": right(i, j)}}
                for j in range(3)
            ],
        }
        for i in range(3)
    ],
    "tinker-cookbook": lambda: [
        {
            "idx": 3 * i + j, "example_id": f"math-{i}",
            "turns": [{**user(i)[0], "token_count": 20}, {**said(i, j), "token_count": 31}],
            "reward": float(right(i, j)), "metrics": {"correct": float(right(i, j))},
            "logs": {"input": QUESTIONS[i], "expected": GOLDS[i], "extracted": answer(i, j)}, "error": None,
        }
        for i, j in EACH
    ],
    "curator": lambda: [
        {
            "response_message": text(i, j),
            "parsed_response_message": [{"question": QUESTIONS[i], "solution": text(i, j)}],
            "response_errors": None, "raw_response": chat(i, (j, {})),
            "generic_request": {
                "model": "m/x", "messages": user(i), "original_row_idx": 3 * i + j,
                "original_row": {"question": QUESTIONS[i], "answer": GOLDS[i]},
            },
            "token_usage": {"input": 9, "output": 31},
        }
        for i, j in EACH
    ],
    "distilabel": lambda: [
        {
            "instruction": QUESTIONS[i], "answer": GOLDS[i], "generation": [text(i, j) for j in range(3)],
            "distilabel_metadata": {"statistics_text_generation_0": {"output_tokens": [31]}}, "model_name": "m/x",
        }
        for i in range(3)
    ],
    "open-r1": lambda: [
        {
            "problem": QUESTIONS[i], "solution": "long", "answer": GOLDS[i], "uuid": f"u{i}",
            "generations": [text(i, j) for j in range(3)], "correctness_math_verify": [right(i, j) for j in range(3)],
            "correctness_llama": None, "correctness_count": 2, "messages": [*user(i), said(i, 0)],
            "is_reasoning_complete": [True] * 3,
        }
        for i in range(3)
    ],
    "LiveCodeBench": lambda: [
        {
            "question_content": QUESTIONS[i], "question_id": f"abc{i}", "starter_code": "",
            "output_list": [text(i, j) for j in range(3)], "code_list": ["print(1)"] * 3,
            "graded_list": [right(i, j) for j in range(3)], "pass@1": 2 / 3, "metadata": ["{}"] * 3,
        }
        for i in range(3)
    ],
    "vLLM outputs": lambda: [
        {
            "request_id": str(i), "prompt": QUESTIONS[i], "prompt_token_ids": [1],
            "outputs": [
                {
                    "index": j, "text": text(i, j), "token_ids": [7, i, j], "finish_reason": "stop",
                    "logprobs": [
                        {"999": {"logprob": -9.0}, str(token): {"logprob": -0.5 * (j + 1)}} for token in (7, i, j)
                    ],
                }
                for j in range(3)
            ],
        }
        for i in range(3)
    ],
    "SGLang": lambda: [
        {
            "prompt": QUESTIONS[i], "text": text(i, j), "gold": GOLDS[i],
            "meta_info": {
                "finish_reason": {"type": "length", "length": 3}, "completion_tokens": 3,
                "output_token_logprobs": [[-0.5 * (j + 1), token, None] for token in (7, i, j)],
            },
        }
        for i, j in EACH
    ],
    "objects under another name": lambda: [
        {
            "query": QUESTIONS[i], "reference": GOLDS[i],
            "rollouts": [{"response": text(i, j), "is_correct": right(i, j), "stop_reason": "eos"} for j in range(3)],
        }
        for i in range(3)
    ],
    "Anthropic batch": lambda: [
        {
            "custom_id": f"q{i}",
            "result": {
                "type": "succeeded",
                "message": {
                    "role": "assistant", "model": "m/x", "stop_reason": "end_turn",
                    "content": [{"type": "text", "text": text(i, 0)}],
                },
            },
        }
        for i in range(3)
    ],
}  # fmt: skip
JUDGED = {
    *("verl rollouts", "verl rollouts of DAPO", "messages with a reward", "messages of ShareGPT", "monkeys"),
    *("messages as JSON text", "verifiers rollouts", "NeMo Gym rollouts", "OpenCompass results", "TRL completions"),
    *("evalscope reviews", "evalscope reviews of old", "tinker-cookbook", "open-r1", "LiveCodeBench"),
    "objects under another name",
}
WITHOUT_QUESTIONS = {"openai batch, n choices", "Anthropic batch"}
WITHOUT_GOLDS = {*WITHOUT_QUESTIONS, "LiveCodeBench", "vLLM outputs"}
IDS = {
    "openai batch, n choices": "math-{}", "verl test outputs": "{}", "lighteval details": "{}",
    "messages with a reward": "m{}", "verifiers rollouts": "{}", "NeMo Gym rollouts": "{}", "monkeys": "10{}",
    "Ray Data LLM": "m{}", "evalscope reviews": "{}", "evalscope reviews of old": "{}", "tinker-cookbook": "math-{}",
    "open-r1": "u{}", "LiveCodeBench": "abc{}", "Anthropic batch": "q{}",
}  # fmt: skip
TOKEN_IDS = {"lighteval details": 5, "Ray Data LLM": 7, "vLLM outputs": 7, "SGLang": 7}
LOGPROBS = {"openai batch, n choices", "vLLM outputs", "SGLang"}


def write(path, rows):
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif path.suffix == ".json":
        path.write_text(json.dumps(rows))
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


@pytest.mark.parametrize("kind", [".jsonl", ".parquet", ".json"])
@pytest.mark.parametrize("tool", list(ROWS))
def test_every_sample_of_a_tool_has_its_text_its_verdict_and_its_gold(tmp_path, tool, kind, held):
    rows = ROWS[tool]()
    summary = load(str(tmp_path / "lake"), write(tmp_path / f"file{kind}", rows), name="a", dataset="d")
    assert summary.form.startswith("rows (completion=")
    found, problems = held(str(tmp_path / "lake"))
    texts = {sample["text"]: key for key, sample in found.items()}
    each = [(i, j) for i, j in EACH if text(i, j) in texts]
    assert len(found) == len(each) == (3 if tool in {"OpenCompass results", "Anthropic batch"} else 9)
    assert len(problems) == 3
    for i, j in each:
        problem, index = texts[text(i, j)]
        sample = found[problem, index]
        assert index == j
        assert problem == IDS[tool].format(i) if tool in IDS else problem.startswith("q-")
        assert problems[problem] == (
            None if tool in WITHOUT_QUESTIONS else QUESTIONS[i], None if tool in WITHOUT_GOLDS else GOLDS[i]
        )  # fmt: skip
        assert sample.get("status") == (None if tool not in JUDGED else "correct" if right(i, j) else "wrong")
        assert sample["error"] is None
        if tool in TOKEN_IDS:
            assert sample["token_ids"] == [TOKEN_IDS[tool], i, j]
        if tool in LOGPROBS:
            count = len(text(i, j).split()) if tool.startswith("openai") else 3
            assert sample["token_logprobs"] == [-0.5 * (j + 1)] * count
            assert sample["tokens"] == count


@pytest.mark.parametrize(
    ("tool", "expected"),
    [
        ("openai batch, n choices", "stop"), ("curator", "stop"), ("vLLM outputs", "stop"), ("SGLang", "length"),
        ("objects under another name", "stop"), ("Anthropic batch", "stop"), ("verl rollouts", None),
    ],
)  # fmt: skip
def test_finish_reasons_are_kept_in_the_words_of_the_lake(tmp_path, tool, expected, held):
    load(str(tmp_path / "lake"), write(tmp_path / "file.jsonl", ROWS[tool]()), name="a", dataset="d")
    found, _ = held(str(tmp_path / "lake"))
    assert {sample["finish_reason"] for sample in found.values()} == {expected}


@pytest.mark.parametrize(("tool", "tokens"), [("tinker-cookbook", 31), ("curator", 31), ("Ray Data LLM", 3)])
def test_counts_of_tokens_are_kept(tmp_path, tool, tokens, held):
    load(str(tmp_path / "lake"), write(tmp_path / "file.jsonl", ROWS[tool]()), name="a", dataset="d")
    found, _ = held(str(tmp_path / "lake"))
    assert {sample["tokens"] for sample in found.values()} == {tokens}


def test_the_model_that_a_file_names_is_the_runs(tmp_path):
    for tool in ("openai batch, n choices", "curator", "distilabel", "NeMo Gym rollouts", "Anthropic batch"):
        file = write(tmp_path / f"{tool}.jsonl", ROWS[tool]())
        assert load(str(tmp_path / tool), file, name="a", dataset="d").run.model == "m/x", tool
