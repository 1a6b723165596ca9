"""Read our own format, which `samples export` writes: one sample per row, its fields named as in the lake.

    {"problem_id": "aime-1", "sample_index": 0, "completion": "…", "tokens": 812, "correct": true, "answer": "204"}

A row has problem_id and whatever else is known: sample_index, completion, token_ids, token_logprobs, tokens,
cumulative_logprob, finish_reason, stop_reason, seed, error. The verdict is status (correct, wrong, no_answer, timeout,
error) or correct, with answer, reward, detail and seconds; verifier and verifier_version say who gave it. question and
gold belong to the problem; golds is the list of accepted answers if there are several. Several verifiers have columns
of their own: math_status, math_answer, math_version … If only counts of a problem are known, it is one row with n and
c, and with errors and timeouts if there were any. Other fields are ignored.

Beside problem_hash, which `samples export` writes, tests and metadata (JSON objects as text) belong to the problem.
"""

import json
from collections.abc import Iterator
from typing import Any

from samples.exchange.imports.fields import Fields, choose_score
from samples.exchange.imports.row import VERIFIER, Counts, Judged, Row
from samples.files.errors import BadRow
from samples.files.values import short_json
from samples.verifiers import STATUSES, Verdict

_SAMPLE_FIELDS = ("sample_index", "completion", "error", "status", "correct", "n")
_SUFFIX = "_status"


def read(value: Any, score: str | None) -> Iterator[Row]:
    """Yield the one row that a row of the file gives. `score` names one of several verifiers."""
    fields = Fields(value)
    run = fields.text("run")
    same = ("run", run) if run is not None else None
    problem_id, question, gold = fields.id("problem_id"), fields.text("question"), _gold(fields)
    judges = _verifiers(fields)
    if score is not None and "." in score and fields.holds(score):
        judges = {}
        fields = Fields({**fields.values, "status": None, "correct": fields.flag(score)})
    if not any(name in fields for name in _SAMPLE_FIELDS) and not judges:
        there = short_json(list(fields.values))
        raise BadRow(f"has none of the fields {', '.join(_SAMPLE_FIELDS)}; its fields are {there}")
    if "n" in fields or "c" in fields:
        yield Row(problem_id, counts=_counts(fields), question=question, gold=gold, same=same)
        return
    problem_hash = fields.text("problem_hash")
    yield Row(
        problem_id,
        sample_index=fields.integer("sample_index"),
        completion=fields.text("completion"),
        token_ids=fields.token_ids("token_ids"),
        token_logprobs=fields.token_logprobs("token_logprobs"),
        tokens=fields.integer("tokens"),
        cumulative_logprob=fields.logprob("cumulative_logprob"),
        finish_reason=fields.text("finish_reason"),
        stop_reason=fields.text("stop_reason", numbers=True),
        seed=fields.seed("seed"),
        error=fields.text("error") or None,
        judged=() if score == "none" else tuple(_judged(fields, judges, score)),
        question=question,
        gold=gold,
        problem_hash=problem_hash,
        tests=None if problem_hash is None else fields.text("tests"),
        metadata=None if problem_hash is None else _metadata(fields),
        model=fields.text("model"),
        same=same,
    )


def _gold(fields: Fields) -> str | list[Any] | None:
    """Return the gold answer, or the list of those that are accepted."""
    listed = next((name for name in ("golds", "gold") if isinstance(fields.values.get(name), list)), None)
    return fields.items(listed) if listed else fields.text("gold", numbers=True)


def _judged(fields: Fields, judges: dict[str, None], score: str | None) -> Iterator[Judged]:
    """Yield the verdicts of a row. Those of verifiers whose version the row does not state are "imported"."""
    if not judges:
        yield from _judged_once(fields, score)
        return
    named = all(f"{judge}_version" in fields.values for judge in judges)
    for judge in judges if score is None and named else [choose_score(score, judges)]:
        if judge is not None and (verdict := _verdict(fields, f"{judge}_")) is not None:
            who = (judge, fields.text(f"{judge}_version")) if named else (VERIFIER, None)
            yield Judged(*who, verdict, fields.number(f"{judge}_seconds"))


def _judged_once(fields: Fields, score: str | None) -> Iterator[Judged]:
    who = fields.text("verifier")
    plain = [name for name in ("status", "correct") if name in fields.values]
    if "verifier" not in fields.values or score in plain:
        choose_score(score, dict.fromkeys(plain[:1]))
    elif who is not None:
        choose_score(score, {who: None})
    if (verdict := _verdict(fields, "")) is not None:
        yield Judged(who or VERIFIER, fields.text("verifier_version"), verdict, fields.number("seconds"))


def _metadata(fields: Fields) -> dict[str, Any] | None:
    value = fields.values.get("metadata")
    try:
        found = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        found = value
    if found is not None and not isinstance(found, dict):
        raise BadRow(f'"metadata" is {short_json(value)}; a JSON object is expected')
    return found


def _verifiers(fields: Fields) -> dict[str, None]:
    """Return the verifiers that have columns of their own; none if the row has a plain status or correct."""
    if "status" in fields.values or "correct" in fields.values:
        return {}
    found = ((name, value) for name, value in fields.values.items() if name.endswith(_SUFFIX))
    return {name.removesuffix(_SUFFIX): None for name, value in found if value is None or value in STATUSES}


def _verdict(fields: Fields, prefix: str) -> Verdict | None:
    status, correct = fields.text(f"{prefix}status"), fields.flag(f"{prefix}correct")
    if status is not None and status not in STATUSES:
        raise BadRow(f'"{prefix}status" is "{status}"; one of {", ".join(STATUSES)} is expected')
    if status is not None and correct is not None and (status == "correct") != correct:
        raise BadRow(f'"{prefix}status" is "{status}" and "{prefix}correct" is {str(correct).lower()}; leave out one')
    if status is None:
        if correct is None:
            alone = next((name for name in ("answer", "reward") if f"{prefix}{name}" in fields), None)
            if alone:
                raise BadRow(
                    f'has "{prefix}{alone}" but neither "{prefix}status" nor "{prefix}correct": add one of them, or '
                    "leave verdicts out with --score none"
                )
            return None
        status = "correct" if correct else "wrong"
    answer, detail = fields.text(f"{prefix}answer", numbers=True), fields.text(f"{prefix}detail")
    return Verdict(status, answer, fields.number(f"{prefix}reward"), detail)


def _counts(fields: Fields) -> Counts:
    n, c = fields.integer("n"), fields.integer("c")
    if n is None or c is None or c > n:
        raise BadRow(
            f"n is {n} and c is {c}; n counts the judged samples and c the correct ones among them, so c is at most n"
        )
    if any(name in fields for name in ("completion", "sample_index", "status", "correct")):
        raise BadRow("holds counts (n, c) and a sample; a problem has either counts or samples")
    return Counts(n, c, fields.integer("errors") or 0, fields.integer("timeouts") or 0)
