"""Turn rows of several samples into rows of one sample each, where the samples are objects in a list.

    {"id": 1, "choices": [{"text": "a"}, {"text": "b"}]}  becomes  {"id": 1, "choices": {"text": "a"}}, {…{"text": "b"}}

Lists of texts stay as they are: other lists of the same length go with them (see `read`).
"""

from collections.abc import Iterator
from typing import Any

from samples.exchange.imports.dotted import last, lookup, nested, replaced
from samples.exchange.imports.rows.messages import is_conversation
from samples.exchange.imports.rows.names import COMPLETION

_LISTS = frozenset({*COMPLETION, "results", "attempts", "answers", "trajectories", "episodes", "items"})
_ANSWERS = frozenset(COMPLETION)


def list_of_samples(row: dict[str, Any]) -> str | None:
    """Return the dotted name of the list whose objects are samples; None if the row has none."""
    for name, value in nested(row):
        listed = last(name) in _LISTS and isinstance(value, list) and bool(value) and not is_conversation(value)
        if listed and all(isinstance(one, dict) and _ANSWERS & one.keys() for one in value):
            return name
    return None


def exploded(row: dict[str, Any], name: str | None) -> Iterator[tuple[dict[str, Any], int]]:
    """Yield the rows that a row becomes, with their number. Without the list (a failed request) it is one sample."""
    values = None if name is None else lookup(row, name)
    if name is None or not isinstance(values, list) or not values:
        yield row, 1
        return
    for value in values:
        yield replaced(row, name, value), len(values)
