"""Read why a request failed."""

from collections.abc import Iterable
from typing import Any

from samples.exchange.shapes.dotted import lookup
from samples.files.values import as_text
from samples.problems.answers import is_missing

_BAD_STATUS = 400  # HTTP's errors begin here
_SAYS = ("message", "error", "detail", "code", "type")
_NOTHING = ("None", "null", "False", "false", "nan")
_DEEPEST = 8


def error_of(row: dict[str, Any], names: Iterable[str]) -> str | None:
    """Return what the first of these fields that holds an error says; None if none does."""
    for name in names:
        value = lookup(row, name)
        if name.endswith("status_code"):
            if isinstance(value, int) and value >= _BAD_STATUS:
                return f"status {value}"
        elif value is True:
            return "failed"
        elif not is_missing(value) and not isinstance(value, int | float) and value not in _NOTHING:
            return _told(value)
    return None


def _told(value: Any, depth: int = 0) -> str:
    """Return what an error says: a text, its message, or all of it."""
    if isinstance(value, dict) and depth < _DEEPEST:
        for name in _SAYS:
            if not is_missing(value.get(name)):
                return _told(value[name], depth + 1)
    if isinstance(value, list) and depth < _DEEPEST:
        return "; ".join(_told(one, depth + 1) for one in value)
    return as_text(value)
