"""Read sample logs of EleutherAI's lm-evaluation-harness: samples_TASK_….jsonl (its `evaluator.py`, `--log_samples`).

    {"doc_id": 0, "doc": {…}, "target": "204", "resps": [["…"]], "filtered_resps": ["204"], "filter": "strict-match",
     "metrics": ["exact_match"], "exact_match": 1.0}

Each row is one document under one filter; resps holds the texts of the repeats. A score of several texts together
gives no verdict on any of them, so of several filters one is read. The repeats of several files are numbered on. A row
whose responses are not texts (log-likelihoods of choices) is a sample without a completion. --score FILTER, METRIC or
METRIC,FILTER chooses among several filters or metrics.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from samples.exchange.imports.fields import Fields, choose_score
from samples.exchange.imports.gold import accepted
from samples.exchange.imports.row import Row
from samples.files.errors import BadRow
from samples.files.values import short_json
from samples.verifiers import Verdict

_METRICS = ("exact_match", "acc", "pass@1", "pass_at_1", "math_verify")  # for old logs, which do not name their metrics
_QUESTIONS = ("question", "problem", "prompt", "query", "text")
_NO_MATCH = "[invalid]"  # what the harness's regex filters return when they find no answer


def read(value: Any, score: str | None) -> Iterator[Row]:
    """Yield the samples of one document under one filter; nothing if `score` names another filter."""
    fields = Fields(value)
    metrics = {name: None for name in fields.items("metrics") or _METRICS if isinstance(name, str) and name in fields}
    filtered = fields.text("filter")
    metric = score
    if score is not None and score != "none" and score not in metrics:
        name, _, wanted = score.rpartition(",")
        if filtered is not None:
            if wanted != filtered:
                return
            metric = name or None
    problem_id = fields.id("doc_id")
    if "resps" not in fields:
        there = short_json(list(fields.values))
        raise BadRow(f'"resps" is missing; the responses of a document are expected; the row\'s fields are {there}')
    texts = _texts(fields)
    name = choose_score(metric, metrics, fields) if len(texts) == 1 else None
    doc = Fields(fields.values.get("doc") or {})
    question = next((doc.text(name) for name in _QUESTIONS if isinstance(doc.values.get(name), str)), None)
    gold = accepted(fields.get("target"))
    verdict = _verdict(fields, name) if name else None
    same = ("filter", filtered) if filtered is not None else None
    for number, text in enumerate(texts):
        yield Row(problem_id, number, text, verdict=verdict, question=question, gold=gold, same=same, restarts=True)


def one_filter(rows: Iterable[dict[str, Any]]) -> str | None:
    """Return the score that reads one filter, if there are several, and none gives a verdict on any one text."""
    filters: dict[str, None] = {}
    for row in rows:
        fields = Fields(row)
        if len(_texts(fields)) == 1 or not isinstance(row.get("filter"), str):
            return None
        filters[row["filter"]] = None
    return f",{next(iter(filters))}" if len(filters) > 1 else None


def _texts(fields: Fields) -> list[str | None]:
    responses: list[Any] = fields.items("resps") or []
    repeats = responses[0] if len(responses) == 1 else []
    texts = repeats if isinstance(repeats, list) else [repeats]
    return texts if texts and all(isinstance(text, str) for text in texts) else [None]


def _verdict(fields: Fields, metric: str) -> Verdict:
    filtered: list[Any] = fields.items("filtered_resps") or [None]
    first = filtered[0][0] if isinstance(filtered[0], list) and filtered[0] else filtered[0]
    answer = first if isinstance(first, str) and first != _NO_MATCH else None
    if fields.flag(metric):
        return Verdict("correct", answer)
    return Verdict("no_answer" if first == _NO_MATCH else "wrong", answer)
