"""Read the output of Qwen2.5-Math's evaluation (its `evaluation/math_eval.py`, `evaluate.py`) and of its many forks.

    {"idx": 0, "question": "…", "gt": "204", "code": ["…", …], "pred": ["204", …], "score": [true, …],
     "finish_reason": ["stop", …]}

Each row is one problem: code holds the completions, pred the extracted answers, score whether each is correct. If
several rows have the same problem (files of several seeds), their samples are numbered on. An answer that
timed out has score false there and looks like a wrong one.
"""

from collections.abc import Iterator
from typing import Any

from samples.exchange.imports.fields import Fields, choose_score
from samples.exchange.imports.gold import accepted
from samples.exchange.imports.row import Row
from samples.files.errors import BadRow
from samples.verifiers import Verdict


def read(value: Any, score: str | None) -> Iterator[Row]:
    """Yield the samples of one problem."""
    fields = Fields(value)
    codes, preds, scores = fields.items("code"), fields.items("pred"), fields.items("score")
    if codes is None:
        raise BadRow('"code" is missing; a list of completions is expected')
    reasons = fields.get("finish_reason")
    reasons = reasons if isinstance(reasons, list) else None
    for name, found in (("pred", preds), ("score", scores), ("finish_reason", reasons)):
        if found is not None and len(found) != len(codes):
            raise BadRow(f'"{name}" has {len(found)} values, "code" has {len(codes)}; both need the same number')
    problem_id, question, gold = fields.id("idx"), fields.text("question"), accepted(fields.get("gt"))
    chose = choose_score(score, {"score": None} if scores else {}, Fields({"score": scores[0]}) if scores else None)
    for number, code in enumerate(codes):
        one = Fields(
            {
                "code": code,
                "pred": preds and preds[number],
                "score": scores and scores[number],
                "finish_reason": reasons and reasons[number],
            }
        )
        completion = one.text("code")
        if completion is None:
            raise BadRow(f"code[{number}] is missing; text is expected")
        verdict = _verdict(one, chose) if chose else None
        reason = one.text("finish_reason") or None
        yield Row(
            problem_id, completion=completion, finish_reason=reason, verdict=verdict, question=question, gold=gold
        )


def _verdict(one: Fields, score: str) -> Verdict | None:
    right, answer = one.flag(score), one.text("pred", numbers=True)
    if right is None:
        return Verdict("error", answer)
    if right:
        return Verdict("correct", answer)
    return Verdict("wrong", answer) if answer else Verdict("no_answer")
