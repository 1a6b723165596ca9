"""Read results of evalplus: NAME_eval_results.json, which holds the samples too.

    {"hash": "…", "eval": {"HumanEval/0": [{"task_id": "HumanEval/0", "solution": "…", "base_status": "pass",
     "plus_status": "fail"}, …]}}

A sample is correct if it passes the tests of the benchmark and those that evalplus adds; if there are none of these,
the tests of the benchmark count. --score base_status or plus_status chooses one of them alone.
"""

from collections.abc import Iterator
from typing import Any

from samples.exchange.imports.fields import Fields, UnclearScore
from samples.exchange.imports.row import Row
from samples.files.errors import BadRow
from samples.verifiers import Verdict

_SCORES = ("base_status", "plus_status")
_FAILED = {"fail": None, "timeout": "timed out", "timed out": "timed out"}


def read(value: Any, score: str | None) -> Iterator[Row]:
    """Yield the one sample of a row."""
    fields = Fields(value)
    completion = fields.text("solution")
    if "base_status" not in fields or completion is None:
        raise BadRow("is no result of evalplus, which has task_id, solution and base_status")
    if score not in {None, "none", *_SCORES}:
        raise UnclearScore(f'there is no score "{score}"; choose with --score: {", ".join(_SCORES)}, or none')
    names = [name for name in _SCORES if name in fields] if score is None else [] if score == "none" else [score]
    yield Row(fields.id("task_id"), completion=completion, verdict=_verdict(fields, names))


def _verdict(fields: Fields, names: list[str]) -> Verdict | None:
    for name in names:
        said = fields.text(name)
        if said in _FAILED:
            return Verdict("wrong", detail=_FAILED[said])
        if said not in {"pass", "success"}:
            raise BadRow(f'"{name}" is {said}; pass, fail or timeout is expected')
    return Verdict("correct") if names else None
