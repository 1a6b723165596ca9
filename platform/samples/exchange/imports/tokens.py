"""Take the token ids and log-probs of one of a row's samples, wherever the row has them."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from samples.exchange.imports.fields import Fields, Floats, Ints
from samples.exchange.shapes.kinds import KINDS
from samples.exchange.shapes.logprobs import is_logprobs, tokens_of
from samples.exchange.shapes.messages import is_conversation
from samples.exchange.shapes.names import FINISH_REASON, TOKEN_IDS, TOKEN_LOGPROBS, TOKENS


def tokens_at(ids: Any, logprobs: Any, number: int, count: int) -> tuple[Ints | None, Floats | None]:
    """Return token ids and log-probs of sample `number` of `count`, from the values of a row's fields.

    Raises:
        BadRow: They are of other kinds.
    """
    ids = _of_one(ids, number, count, lambda value: not any(isinstance(one, list) for one in value))
    logprobs = _of_one(logprobs, number, count, is_logprobs)
    read = tokens_of(logprobs, ids)
    known = ids if ids is not None else read.ids if read else None
    return (
        None if known is None else Fields({"token_ids": known}).token_ids("token_ids"),
        None if read is None else Fields({}).logprobs("token_logprobs", read.logprobs),
    )


def in_message(said: Any) -> Mapping[str, Any]:
    """Return what the last message of a conversation says of its tokens and its end, by role."""
    last: Mapping[str, Any] = said[-1] if is_conversation(said) else {}
    roles = {
        "token_ids": TOKEN_IDS,
        "token_logprobs": TOKEN_LOGPROBS,
        "tokens": TOKENS,
        "finish_reason": FINISH_REASON,
    }
    return {role: found for role, names in roles.items() if (found := _named(last, role, names)) is not None}


def _named(message: Mapping[str, Any], role: str, names: Iterable[str]) -> Any:
    return next((message[name] for name in names if message.get(name) is not None and KINDS[role](message[name])), None)


def _of_one(value: Any, number: int, count: int, alone: Callable[[Any], bool]) -> Any:
    """Return the value of one sample; `alone` tells whether a value is that of one."""
    if not isinstance(value, list | dict) or not value:
        return None
    if count == 1 and alone(value):
        return value
    if not isinstance(value, list) or len(value) != count:
        return None
    one = value[number]
    return one if isinstance(one, list | dict) and one and alone(one) else None
