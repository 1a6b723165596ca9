"""Turn rows of several samples into rows of one sample each, where the samples are objects in a list.

    {"id": 1, "choices": [{"text": "a"}, {"text": "b"}]}  becomes  {"id": 1, "choices": {"text": "a"}}, {…{"text": "b"}}

Lists of texts stay as they are: other lists of the same length go with them (see `read`).
"""

from collections.abc import Iterator
from typing import Any

from samples.exchange.imports.dotted import last, lookup, nested, replaced
from samples.exchange.imports.rows.messages import is_conversation, role_of
from samples.exchange.imports.rows.names import COMPLETION

_LISTS = frozenset({*COMPLETION, "results", "attempts", "answers", "trajectories", "episodes", "items"})
_TURNS = frozenset({"trajectory", "turns", "messages", "conversation", "conversations", "dialog", "chat"})
_SEVERAL = frozenset({"responses", "completions", "generations", "outputs", "samples", "candidates", "rollouts"})
_ANSWERS = frozenset(COMPLETION)


def list_of_samples(row: dict[str, Any]) -> str | None:
    """Return the dotted name of the list whose objects are samples; None if the row has none."""
    return next((name for name, value in nested(row) if _are_samples(last(name), value)), None)


def _are_samples(name: str, value: Any) -> bool:
    if name not in _LISTS - _TURNS or not isinstance(value, list) or not value:
        return False
    if is_conversation(value):  # answers of one turn, each of them a message
        return name in _SEVERAL and all(role_of(one) == "assistant" and "type" not in one for one in value)
    return all(isinstance(one, dict) and _ANSWERS & one.keys() for one in value)


def exploded(row: dict[str, Any], name: str | None) -> Iterator[tuple[dict[str, Any], int]]:
    """Yield the rows that a row becomes, with their number, in the order of their `index` if each has one.

    Without the list (a failed request) it is one sample.
    """
    values = None if name is None else lookup(row, name)
    if name is None or not isinstance(values, list) or not values:
        yield row, 1
        return
    numbers = [one.get("index") if isinstance(one, dict) else None for one in values]
    if all(type(number) is int for number in numbers) and len(set(numbers)) == len(numbers):
        values = sorted(values, key=lambda one: one["index"])
    for value in values:
        yield replaced(row, name, value), len(values)
