"""Read samples of Every Eval Ever: ….jsonl of its `instance_level_eval.schema.json` (0.3.0).

    {"sample_id": "p1", "model_id": "…", "evaluation_result_id": "…", "interaction_type": "single_turn",
     "input": {"raw": "…", "reference": ["204"]}, "output": {"raw": ["…"]},
     "evaluation": {"score": 1, "is_correct": true}, "metadata": {"sample_index": "0", …},
     "answer_attribution": [{"extracted_value": "204", "is_terminal": true, …}]}

A line is one verdict on one sample. A file with several results has a sample several times: --score, a part of one
evaluation_result_id, chooses. What `samples export` writes into metadata (index, tokens, finish reason, seed) is kept.
"""

from collections.abc import Iterator
from typing import Any

from samples.exchange.imports.fields import Fields
from samples.exchange.imports.row import Row
from samples.files.errors import BadRow
from samples.verifiers import Verdict

RESULT = "evaluation_result_id"


def read(value: Any, score: str | None) -> Iterator[Row]:
    """Yield the samples of a line; nothing if `score` names another result."""
    fields = Fields(value)
    result = fields.text(RESULT)
    if score not in {None, "none"} and (result is None or str(score) not in result):
        return
    if fields.text("interaction_type") not in {None, "single_turn"}:
        raise BadRow("is a conversation of several turns, which has no place here; only single_turn has")
    asked, output = Fields(fields.values.get("input") or {}), Fields(fields.values.get("output") or {})
    facts = _facts(Fields(fields.values.get("metadata") or {}))
    texts: list[Any] = output.items("raw") or [None]
    verdict = None if score == "none" else _verdict(fields)
    for number, text in enumerate(texts):
        alone = facts if len(texts) == 1 else {}
        yield Row(
            fields.id("sample_id"),
            completion=text if isinstance(text, str) else None,
            error=fields.text("error") if not isinstance(text, str) else None,
            verdict=verdict if number == 0 and isinstance(text, str) else None,
            question=asked.text("raw"),
            gold=asked.values.get("reference") or None,
            model=fields.text("model_id"),
            same=None if result is None else (RESULT, result),
            **alone,
        )


def _verdict(fields: Fields) -> Verdict | None:
    evaluation = Fields(fields.values.get("evaluation") or {})
    right, reward = evaluation.flag("is_correct"), evaluation.number("score")
    if right is None:
        return None
    said = [Fields(one) for one in fields.items("answer_attribution") or []]
    answer = next((one.text("extracted_value") for one in reversed(said) if one.values.get("is_terminal")), None)
    return Verdict("correct" if right else "wrong", answer, None if reward in {0.0, 1.0} else reward)


def _facts(metadata: Fields) -> dict[str, Any]:
    """Return what `samples export` wrote, of texts: the schema allows no numbers."""
    found: dict[str, Any] = {}
    for name in ("sample_index", "tokens", "seed"):
        text = metadata.values.get(name)
        if isinstance(text, str) and text.isdecimal():
            found[name] = int(text)
    for name in ("finish_reason", "stop_reason"):
        if name in metadata:
            found[name] = metadata.text(name)
    return found
