"""Bring a setting from Python to its declared type, whatever numbers and lists it was written with.

A setting is hashed into the run's id, so 5, 5.0 and numpy's 5 must be one value.
"""

from collections.abc import Iterable, Mapping
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from samples.errors import UsageError

_EXPECTED = {int: "a whole number", float: "a number", bool: "True or False", str: "a text"}


def typed(name: str, kind: Any, value: Any) -> Any:
    """Return `value` in the type `kind`: optional, a tuple of one type, one of several texts, a mapping, or plain.

    Raises:
        UsageError: The value has no equal of this type.
    """
    kind = next((one for one in get_args(kind) if one is not NoneType), kind) if NoneType in get_args(kind) else kind
    if get_origin(kind) is tuple:
        several = [value] if isinstance(value, str) or not isinstance(value, Iterable) else value
        return tuple(typed(name, get_args(kind)[0], one) for one in several)
    if get_origin(kind) is Literal:
        if value not in get_args(kind):
            raise UsageError(f"{name} {value!r}: one of {', '.join(get_args(kind))} is expected")
        return value
    if get_origin(kind) is not None:
        if not isinstance(value, Mapping):
            raise UsageError(f"{name} {value!r}: a mapping is expected")
        return value
    if kind not in _EXPECTED:
        return value
    try:
        return _as(kind, value)
    except (TypeError, ValueError, OverflowError) as error:
        raise UsageError(f"{name} {value!r}: {_EXPECTED[kind]} is expected") from error


def _as(kind: type, value: Any) -> Any:
    if type(value).__module__ == "numpy" and getattr(value, "ndim", None) == 0:
        # The text, because float32(0.6) means 0.6, and as a double it is 0.6000000238.
        value = float(str(value)) if value.dtype.kind == "f" else value.item()
    if kind in {bool, str}:
        if not isinstance(value, kind):
            raise TypeError
        return kind(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or (kind is int and value != int(value)):
        raise TypeError
    return kind(value)
