"""What the value of a field must be, for the field to hold a role."""

import json
from collections.abc import Callable
from typing import Any, TypeGuard

from samples.exchange.shapes.logprobs import is_logprobs
from samples.exchange.shapes.messages import is_conversation, is_message, question_of

_LOOKED_AT = 200  # characters of a text that may be JSON


def unpacked(value: Any) -> Any:
    """Return the messages that a text is, where it is JSON of messages; other values stay."""
    if isinstance(value, str) and value.startswith("[{") and '"role"' in value[:_LOOKED_AT]:
        try:
            found = json.loads(value)
        except (ValueError, RecursionError):
            return value
        return found if is_conversation(found) else value
    return value


def is_listed(value: Any) -> TypeGuard[list[Any]]:
    """Return whether a completion's value is a list of completions: no text, and no conversation."""
    return isinstance(value, list) and not is_conversation(value)


def _completion(value: Any) -> bool:
    if is_listed(value):
        return all(one is None or isinstance(one, str) or is_conversation(one) or is_message(one) for one in value)
    return isinstance(value, str | list) or is_message(value)


def _question(value: Any) -> bool:
    return question_of(unpacked(value)) is not None


def _scalar(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _gold(value: Any) -> bool:
    return _scalar(value) or (isinstance(value, list) and all(_scalar(one) for one in value))


def _each(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """Return what tells whether a value fits, or each value of a list."""
    return lambda value: fits(value) or (isinstance(value, list) and all(one is None or fits(one) for one in value))


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _reason(value: Any) -> bool:
    return isinstance(value, str | bool) or (isinstance(value, dict) and isinstance(value.get("type"), str))


def _count(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0 and value % 1 == 0


def _ids(value: Any) -> bool:
    if not isinstance(value, list):
        return False
    lists = [one for one in value if isinstance(one, list)]
    return all(isinstance(one, int) for inner in (lists or [value]) for one in inner[:8] if one is not None)


def _logprobs(value: Any) -> bool:
    return is_logprobs(value) or (isinstance(value, list) and any(is_logprobs(one) for one in value))


KINDS: dict[str, Callable[[Any], bool]] = {
    "completion": _completion,
    "question": _question,
    "gold": _gold,
    "answer": _each(_scalar),
    "finish_reason": _each(_reason),
    "reasoning": _each(_text),
    "model": _text,
    "seed": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "tokens": _each(_count),
    "token_ids": _ids,
    "token_logprobs": _logprobs,
}
