"""Read outputs of NVIDIA's NeMo-Skills: output….jsonl after evaluation (its `evaluation/metrics/math_metrics.py`).

    {"id": "aime-1", "problem": "…", "expected_answer": "204", "generation": "…", "predicted_answer": "204",
     "symbolic_correct": true, "num_generated_tokens": 812, "finish_reason": "stop"}

Each line is one sample. Older versions write is_correct in place of symbolic_correct. A model's judgement ends in
"Judgement: Yes" or "Judgement: No". If a file has both, --score symbolic_correct (or is_correct) or --score judgement
chooses. A problem without an id gets the hash of its text as its id, as in problem files. NeMo-Skills writes one file
per seed (output-rs0.jsonl …): name them all. reasoning_content stands before the generation, in <think>.
"""

from collections.abc import Iterator
from typing import Any

from samples.exchange.imports.fields import Fields, choose_score
from samples.exchange.imports.gold import accepted
from samples.exchange.imports.row import Row
from samples.exchange.shapes.messages import with_reasoning
from samples.files.errors import BadRow
from samples.problems.problems import question_id
from samples.verifiers import Verdict

_SCORES = ("symbolic_correct", "is_correct", "judge_correct", "judgement")
_IDS = ("id", "problem_id", "task_id")


def read(value: Any, score: str | None) -> Iterator[Row]:
    """Yield the one sample of a row."""
    fields = Fields(value)
    question = fields.text("problem") or fields.text("question")
    completion = fields.text("generation")
    if completion is None:
        raise BadRow('"generation" is missing; text is expected')
    name = next((name for name in _IDS if name in fields), None)
    if name is None and question is None:
        raise BadRow(f'has neither "problem" nor one of {", ".join(_IDS)}: nothing says which problem it is')
    chose = choose_score(score, {name: None for name in _SCORES if name in fields}, fields)
    yield Row(
        fields.id(name) if name else question_id(question or ""),
        completion=with_reasoning(completion, fields.text("reasoning_content") or ""),
        finish_reason=fields.text("finish_reason") or None,
        tokens=fields.integer("num_generated_tokens"),
        verdict=_verdict(fields, chose) if chose else None,
        question=question,
        gold=accepted(fields.get("expected_answer")),
    )


def _verdict(fields: Fields, score: str) -> Verdict:
    answer = fields.text("predicted_answer", numbers=True)
    right = _judged(fields) if score == "judgement" else fields.flag(score)
    if right is None:
        return Verdict("error", answer, detail="the judgement says neither Yes nor No")
    if right:
        return Verdict("correct", answer)
    return Verdict("no_answer" if answer is None and "predicted_answer" in fields.values else "wrong", answer)


def _judged(fields: Fields) -> bool | None:
    _, said, word = (fields.text("judgement") or "").rpartition("Judgement:")
    word = word.strip().lower()
    return None if not said or not word.startswith(("yes", "no")) else word.startswith("yes")
