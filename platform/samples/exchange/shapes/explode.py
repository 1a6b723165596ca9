"""Turn rows of several samples into rows of one sample each, where the samples are objects in a list.

    {"id": 1, "choices": [{"text": "a"}, {"text": "b"}]}  becomes  {"id": 1, "choices": {"text": "a"}}, {…{"text": "b"}}

Lists of texts stay as they are: other lists of the same length go with them (see `imports.rows`). Numbered fields are
lists.
"""

import re
from collections.abc import Iterator
from typing import Any

from samples.exchange.shapes.dotted import last, lookup, nested, replaced
from samples.exchange.shapes.messages import is_conversation, role_of
from samples.exchange.shapes.names import COMPLETION, has_word

_LISTS = frozenset({*COMPLETION, "results", "attempts", "answers", "trajectories", "episodes", "items"})
_TURNS = frozenset({"trajectory", "turns", "messages", "conversation", "conversations", "dialog", "chat"})
_SEVERAL = frozenset({"responses", "completions", "generations", "outputs", "samples", "candidates", "rollouts"})
_ANSWERS = frozenset(COMPLETION)
_NUMBERED = re.compile(r"(.*?[^\W\d_])[_ -]?(\d{1,4})", re.ASCII)


def list_of_samples(row: dict[str, Any]) -> str | None:
    """Return the dotted name of the list whose objects are samples; None if the row has none."""
    return next((name for name, value in nested(row) if _are_samples(last(name), value)), None)


def _are_samples(name: str, value: Any) -> bool:
    if name not in _LISTS - _TURNS or not isinstance(value, list) or not value:
        return False
    if is_conversation(value):  # answers of one turn, each of them a message
        return name in _SEVERAL and all(role_of(one) == "assistant" and "type" not in one for one in value)
    return all(isinstance(one, dict) and any(map(_may_be_an_answer, one)) for one in value)


def _may_be_an_answer(name: str) -> bool:
    return name.lower() in _ANSWERS or has_word(name, "completion")


def gathered(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row in which fields that are numbered from 0 or 1 (response_0, response_1 …) are a list.

    A row without numbered completions stays as it is.
    """
    families: dict[str, dict[int, str]] = {}
    for name in row:
        if name[-1:].isdecimal() and (found := _NUMBERED.fullmatch(name)):
            families.setdefault(found[1], {})[int(found[2])] = name
    whole = {
        base: [of[number] for number in sorted(of)]
        for base, of in families.items()
        if len(of) > 1 and min(of) <= 1 and max(of) - min(of) == len(of) - 1 and base not in row
    }
    if not any(map(_may_be_an_answer, whole)):
        return row
    gone = {name for names in whole.values() for name in names}
    rest = {name: value for name, value in row.items() if name not in gone}
    return rest | {base: [row[name] for name in names] for base, names in whole.items()}


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
