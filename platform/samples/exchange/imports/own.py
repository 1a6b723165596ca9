"""Read our own format, which `samples export` writes: one sample per row, its fields named as in the lake.

    {"problem_id": "aime-1", "sample_index": 0, "completion": "…", "tokens": 812, "correct": true, "answer": "204"}

A row has problem_id and whatever else is known: sample_index, completion, token_ids, token_logprobs, tokens,
cumulative_logprob, finish_reason, stop_reason, seed, error. The verdict is status (correct, wrong, no_answer, timeout,
error) or correct, with answer, reward, detail and seconds. question and gold belong to the problem. Several verifiers
have columns of their own: math_status, math_answer … If only counts of a problem are known, it is one row with n and
c, and with errors and timeouts if there were any. Other fields are ignored.
"""

from collections.abc import Iterator
from typing import Any

from samples.exchange.imports.fields import Fields, choose_score
from samples.exchange.imports.row import Counts, Row
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
    problem_id, question, gold = fields.id("problem_id"), fields.text("question"), fields.text("gold", numbers=True)
    judges = _verifiers(fields)
    if not any(name in fields for name in _SAMPLE_FIELDS) and not judges:
        there = short_json(list(fields.values))
        raise BadRow(f"has none of the fields {', '.join(_SAMPLE_FIELDS)}; its fields are {there}")
    if "n" in fields or "c" in fields:
        yield Row(problem_id, counts=_counts(fields), question=question, gold=gold, same=same)
        return
    plain = {name: None for name in ("status", "correct") if name in fields.values}
    name = choose_score(score, judges or dict(list(plain.items())[:1]))
    prefix = f"{name}_" if judges else ""
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
        verdict=None if score == "none" else _verdict(fields, prefix),
        seconds=fields.number(f"{prefix}seconds"),
        question=question,
        gold=gold,
        model=fields.text("model"),
        same=same,
    )


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
