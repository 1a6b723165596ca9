"""The marks of each format: the fields by which a row is known to be of it."""

from collections.abc import Callable
from typing import Any

Fields = dict[str, Any]

_OWN = frozenset({
    "run", "dataset", "problem_id", "problem_hash", "sample_index", "completion", "token_ids", "token_logprobs",
    "tokens", "cumulative_logprob", "finish_reason", "stop_reason", "seed", "error", "status", "correct", "answer",
    "reward", "detail", "seconds", "verifier", "verifier_version", "question", "gold", "n", "c", "errors", "timeouts",
    "tests", "metadata", "model",
})  # fmt: skip
_OF_A_VERIFIER = ("_status", "_answer", "_reward", "_detail", "_seconds", "_version")
_EVALUATED = frozenset({
    "expected_answer", "predicted_answer", "symbolic_correct", "is_correct", "judgement", "num_generated_tokens",
})  # fmt: skip


def _own(row: Fields) -> bool:
    if "problem_id" not in row:
        return False
    judged = {"status", "correct"} & row.keys() or any(name.endswith("_status") for name in row)
    whole = all(name in _OWN or name.endswith(_OF_A_VERIFIER) for name in row)
    return "problem_hash" in row or (whole and (bool(judged) or not {"answer", "reward"} & row.keys()))


def _human_eval(row: Fields) -> bool:
    names = {"task_id", "completion", "completion_id", "result", "passed"}
    return row.keys() <= names and isinstance(row.get("completion"), str) and "task_id" in row


def _nemo_skills(row: Fields) -> bool:
    asked = isinstance(row.get("problem", row.get("question")), str)
    return asked and isinstance(row.get("generation"), str) and bool(_EVALUATED & row.keys())


MARKS: dict[str, Callable[[Fields], bool]] = {
    "samples": _own,
    "human-eval": _human_eval,
    "qwen-math": lambda row: (
        "idx" in row and isinstance(row.get("code"), list) and bool({"gt", "pred", "score"} & row.keys())
    ),
    "lm-eval": lambda row: {"doc_id", "doc", "resps"} <= row.keys(),
    "inspect": lambda row: (
        {"id", "epoch"} <= row.keys() and isinstance(row.get("output"), dict) and bool({"input", "target"} & row.keys())
    ),
    "nemo-skills": _nemo_skills,
    "evalplus": lambda row: {"task_id", "solution", "base_status"} <= row.keys(),
    "simple-evals": lambda row: isinstance(row.get("convos"), list),
    "every-eval-ever": lambda row: {"evaluation_id", "sample_id", "interaction_type", "evaluation"} <= row.keys(),
}

# What a row of each format has at least: the nearest format to an unknown row is told by it.
NEEDS: dict[str, tuple[str, ...]] = {
    "samples": ("problem_id", "completion"),
    "human-eval": ("task_id", "completion"),
    "qwen-math": ("idx", "code", "gt", "score"),
    "lm-eval": ("doc_id", "doc", "resps", "target"),
    "inspect": ("id", "epoch", "input", "target", "output"),
    "nemo-skills": ("problem", "generation", "expected_answer"),
    "evalplus": ("task_id", "solution", "base_status"),
    "simple-evals": ("convos", "htmls"),
    "every-eval-ever": ("evaluation_id", "sample_id", "interaction_type", "input", "output", "evaluation"),
}


def format_of(row: Fields) -> str | None:
    """Return the format whose marks a row has; None if it has those of none."""
    return next((form for form, has in MARKS.items() if has(row)), None)


def nearest(row: Fields) -> str:
    """Say which format is nearest to an unknown row, and what it lacks."""
    form = max(NEEDS, key=lambda form: len(set(NEEDS[form]) & row.keys()) / len(NEEDS[form]))
    lacks = [name for name in NEEDS[form] if name not in row]
    if len(lacks) == len(NEEDS[form]):
        return "no format is near"
    return f"the nearest format is {form}, which needs {', '.join(lacks) or 'fields of other kinds'}"
