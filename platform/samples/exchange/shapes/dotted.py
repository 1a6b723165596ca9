"""Look into nested objects by dotted names: `response.body.choices.0.message`."""

from collections import deque
from collections.abc import Iterator
from typing import Any

_DEEPEST, _MOST = 6, 2000  # levels of objects, and values of one row, that are looked at
_DIGITS = 9  # of a place in a list


def lookup(value: Any, name: str) -> Any:
    """Return the value at a dotted name; None if there is none. A field whose own name has dots counts too."""
    if isinstance(value, list):
        head, _, rest = name.partition(".")
        inside = int(head) if head.isdecimal() and len(head) <= _DIGITS else len(value)
        found = value[inside] if inside < len(value) else None
        return lookup(found, rest) if rest else found
    if not isinstance(value, dict):
        return None
    if name in value:
        return value[name]
    at = name.find(".")
    while at >= 0:
        if name[:at] in value and (found := lookup(value[name[:at]], name[at + 1 :])) is not None:
            return found
        at = name.find(".", at + 1)
    return None


def nested(value: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield every field of an object and of the objects in it, with its dotted name: outer ones first.

    Lists are not looked into. What lies deeper than six levels is left out.
    """
    waiting: deque[tuple[str, int, dict[str, Any]]] = deque([("", 0, value)])
    count = 0
    while waiting:
        prefix, depth, fields = waiting.popleft()
        for name, inner in fields.items():
            count += 1
            if count > _MOST:
                return
            yield f"{prefix}{name}", inner
            if isinstance(inner, dict) and depth + 1 < _DEEPEST:
                waiting.append((f"{prefix}{name}.", depth + 1, inner))


def replaced(value: Any, name: str, new: Any) -> Any:
    """Return an object in which the value at a dotted name, as `nested` writes it, is another; the rest is shared."""
    if name in value:
        return {**value, name: new}
    at = name.find(".")
    while at >= 0:
        if isinstance(value.get(name[:at]), dict):
            return {**value, name[:at]: replaced(value[name[:at]], name[at + 1 :], new)}
        at = name.find(".", at + 1)
    return value


def last(name: str) -> str:
    """Return the last part of a dotted name, in lower case."""
    return name.rpartition(".")[2].lower()
