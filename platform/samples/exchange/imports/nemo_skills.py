"""Outputs of NVIDIA's NeMo-Skills: output….jsonl after evaluation (its `evaluation/metrics/math_metrics.py`).

    {"id": "aime-1", "problem": "…", "expected_answer": "204", "generation": "…", "predicted_answer": "204",
     "symbolic_correct": true, "num_generated_tokens": 812}

one sample a line; older versions call it is_correct, a model's judgement ends in "Judgement: Yes" or "No". Where
both are there, --score symbolic_correct (or is_correct) or --score judgement chooses. A problem without an id is
known by a hash of its text, as in problem files. Seeds lie in files of their own: put them together to import them.
"""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from samples.exchange.imports.fields import BadRow, Fields, chosen
from samples.exchange.imports.row import Row
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
        raise BadRow(f'has neither "problem" nor one of {", ".join(_IDS)}: no telling which problem it is')
    chose = chosen(score, {name: None for name in _SCORES if name in fields})
    yield Row(
        fields.id(name) if name else _hashed(question or ""),
        completion=completion,
        tokens=fields.integer("num_generated_tokens"),
        verdict=_verdict(fields, chose) if chose else None,
        question=question,
        gold=fields.text("expected_answer", numbers=True),
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


def _hashed(question: str) -> str:
    canonical = json.dumps(question, ensure_ascii=False)
    return f"q-{hashlib.sha256(canonical.encode('utf-8', 'replace')).hexdigest()[:12]}"
