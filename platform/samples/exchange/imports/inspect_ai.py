"""Read logs of Inspect AI (its `log/_log.py`, `model/_model_output.py`): .json, or .eval, a zip of one JSON a sample.

    {"eval": {…}, "samples": [{"id": 1, "epoch": 1, "input": "…", "target": "204", "scores": {"match": {"value": "C",
     "answer": "204"}}, "output": {"model": "…", "choices": [{"message": {"content": "…"}, "stop_reason": "stop"}]}}]}

An epoch is one sample of its problem. The epochs of several logs are numbered on; the log of a retry holds the samples
of the first log again, so import it alone. If the model gave several choices, each choice is a sample, and the score
belongs to the first. Reasoning stands before the answer, in <think>. --score chooses one of several scorers, and
scorer.key one of the values that a scorer gives as an object. A score's value is C, I, P or N (correct, incorrect,
partial, no answer), true, false, or a number. The number 1 is correct and a smaller one is wrong, with the number as
the reward. Null and NaN mean that nothing was scored.
"""

from collections.abc import Iterator
from typing import Any

from samples.exchange.imports.fields import Fields, Floats, choose_score
from samples.exchange.imports.gold import accepted
from samples.exchange.imports.row import Row
from samples.exchange.shapes.messages import reasoning_of, with_reasoning
from samples.files.errors import BadRow
from samples.files.values import short_json
from samples.verifiers import Verdict

_REASONS = {"max_tokens": "length", "model_length": "length", "unknown": None}
_VALUES = {"C": 1.0, "I": 0.0, "P": 0.5, "yes": 1.0, "no": 0.0, "true": 1.0, "false": 0.0}
_ATTACHED = "attachment://"
_PARTS = {"input", "output", "scores", "error", "messages"}


def read(value: Any, score: str | None) -> Iterator[Row]:
    """Yield the samples of one epoch of a problem."""
    fields = Fields(value)
    problem_id, epoch = fields.id("id"), fields.integer("epoch", least=1)
    if epoch is None or not _PARTS & fields.values.keys():
        there = short_json(list(fields.values))
        raise BadRow(f"is no sample of Inspect, which has id, epoch, input, output and scores; its fields are {there}")
    attached = Fields(fields.values.get("attachments") or {})
    output, error = Fields(fields.values.get("output") or {}), _error(fields)
    scores = Fields(fields.values.get("scores") or {})
    scorer = choose_score(score, dict.fromkeys(_scorers(scores)))
    verdict = _verdict(scores, scorer) if scorer and error is None else None
    question, gold = _text(fields, "input", attached), accepted(fields.values.get("target"))
    choices = [Fields(choice) for choice in output.items("choices") or []]
    alone = len(choices) <= 1
    usage = Fields(output.values.get("usage") or {})
    for number, choice in enumerate(choices or [Fields({})]):
        logprobs = _logprobs(choice)
        message = Fields(choice.values.get("message") or {})
        reason = choice.text("stop_reason")
        yield Row(
            problem_id,
            sample_index=epoch - 1 if alone else None,
            restarts=True,
            completion=_answer(message, attached) if choices else output.text("completion") or None,
            token_logprobs=logprobs,
            tokens=usage.integer("output_tokens") if alone and logprobs is None else None,
            finish_reason=_REASONS.get(reason, reason) if reason else None,
            error=error,
            verdict=verdict if number == 0 else None,
            question=question,
            gold=gold,
            model=output.text("model") or None,
        )


def _error(fields: Fields) -> str | None:
    error = fields.values.get("error")
    return Fields(error).text("message") or "unknown" if isinstance(error, dict) else fields.text("error") or None


def _text(fields: Fields, name: str, attached: Fields) -> str | None:
    """Return a field's text. A chat gives the user's last message; a content of several parts gives their texts."""
    value = fields.values.get(name)
    if not isinstance(value, list):
        text = fields.text(name)
        key = (text or "").removeprefix(_ATTACHED)
        return attached.text(key) if text and text != key and key in attached else text
    parts = [Fields(part) for part in value]
    messages = [part for part in parts if part.values.get("role") == "user"]
    if messages:
        return _text(messages[-1], "content", attached)
    texts = [_text(part, "text", attached) for part in parts if part.values.get("type", "text") == "text"]
    return "\n".join(text for text in texts if text) if texts else None


def _answer(message: Fields, attached: Fields) -> str | None:
    """Return the text of an answer, with the reasoning before it."""
    text, content = _text(message, "content", attached), message.values.get("content")
    parts = [Fields(part).values for part in content] if isinstance(content, list) else []
    whole = [{**part, "reasoning": _text(Fields(part), "reasoning", attached)} for part in parts if "reasoning" in part]
    reasoning = reasoning_of({"content": whole}) or message.text("reasoning_content") or ""
    return with_reasoning(text or "", reasoning) if reasoning else text


def _scorers(scores: Fields) -> Iterator[str]:
    """Yield the names of scores: scorers, and where a scorer gives an object of values, scorer.key."""
    for scorer, score in scores.values.items():
        value = score.get("value") if isinstance(score, dict) else None
        if isinstance(value, dict):
            yield from (f"{scorer}.{key}" for key in value)
        else:
            yield scorer


def _logprobs(choice: Fields) -> Floats | None:
    content = Fields(choice.values.get("logprobs") or {}).items("content")
    if content is None:
        return None
    return choice.logprobs("logprobs", [Fields(token).values.get("logprob") for token in content])


def _verdict(scores: Fields, scorer: str) -> Verdict:
    name = scorer if scorer in scores.values else next(one for one in scores.values if scorer.startswith(f"{one}."))
    score = Fields(scores.values[name])
    answer = score.text("answer", numbers=True)
    value = score.get("value" if name == scorer else f"value.{scorer.removeprefix(f'{name}.')}")
    if value is None or value != value:  # noqa: PLR0124 - NaN
        return Verdict("error", answer)
    if value == "N":
        return Verdict("no_answer", answer)
    reward = _VALUES.get(value, value) if isinstance(value, str) else value
    if not isinstance(reward, bool | int | float):
        raise BadRow(
            f'the value of score "{scorer}" is {str(value)[:40]}; C, I, P, N, true, false or a number is expected'
        )
    status = "correct" if reward == 1 else "wrong"
    return Verdict(status, answer, None if value in {"C", "I"} or isinstance(value, bool) else float(reward))
