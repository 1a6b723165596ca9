"""Encode plain data as bytes, and send messages between the processes of the code sandbox.

Hostile code wrote the messages, so decoding gives only plain values: None, bool, int, float, complex, str, bytes, list,
tuple, set, frozenset, dict, range, Decimal and Fraction, each of exactly that type. An instance of a subclass arrives
as an instance of its plain base class. An iterator arrives as an iterator over the same items. Every other object
arrives as an `Opaque`, which equals only itself. So an object with its own `__eq__` never leaves its process.

This module imports almost nothing: it runs in every sandbox, where each import takes longer than starting the sandbox.
"""

from __future__ import annotations

import os
import select
import time
from itertools import islice

TYPE_CHECKING = False  # using typing.TYPE_CHECKING would import typing
if TYPE_CHECKING:
    from typing import Any

_MOST_ITEMS = 1 << 20  # in one message, and in one iterator
_COLLECTIONS = {b"l": list, b"t": tuple, b"e": set, b"z": frozenset}


class Opaque:
    """Replaces an object that is not plain data."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"<{self.name} object>"


class NotPlainDataError(TypeError):
    """A value of the tests is not plain data."""


def encode(value: Any, *, strict: bool = False) -> bytes:
    """Encode a value. An object that is not plain data becomes an `Opaque`; with `strict`, it raises an error."""
    parts: list[bytes] = []
    _write(value, parts, strict)
    return b"".join(parts)


def _write(value: Any, parts: list[bytes], strict: bool) -> None:  # noqa: C901 - one branch per type
    if value is None or value is True or value is False:
        parts.append({None: b"N", True: b"T", False: b"F"}[value])
    elif isinstance(value, int):
        parts.append(b"i%x:" % int(value) if value >= 0 else b"i-%x:" % -int(value))
    elif isinstance(value, float):
        _write_text(b"f", float.__repr__(value), parts)
    elif isinstance(value, str):
        _write_text(b"s", str.__str__(value), parts)
    elif isinstance(value, bytes | bytearray):
        parts.append(b"b%d:%s" % (len(value), bytes(value)))
    elif isinstance(value, dict):
        pairs = list(dict.items(value))
        parts.append(b"d%d:" % len(pairs))
        for pair in pairs:
            _write(pair[0], parts, strict)
            _write(pair[1], parts, strict)
    elif isinstance(value, complex):
        _write_text(b"c", complex.__repr__(value), parts)
    elif isinstance(value, range):
        parts.append(b"r")
        for end in (value.start, value.stop, value.step):
            _write(end, parts, strict)
    elif type(value).__name__ in {"Decimal", "Fraction"}:
        _write_text(b"n", f"{type(value).__name__} {value}", parts)
    else:
        _write_items(value, parts, strict)


def _write_items(value: Any, parts: list[bytes], strict: bool) -> None:
    kind = next((kind for kind, cls in _COLLECTIONS.items() if isinstance(value, cls)), b"g")
    # Encoded as an iterator, a deque loses its type. So with `strict`, only iterators are encoded as iterators.
    crosses = kind != b"g" or hasattr(value, "__next__" if strict else "__iter__")
    items: list[Any] = list(islice(value, _MOST_ITEMS + 1)) if crosses else []
    if crosses and len(items) <= _MOST_ITEMS:
        parts.append(b"%s%d:" % (kind, len(items)))
        for item in items:
            _write(item, parts, strict)
    elif isinstance(value, Opaque):
        _write_text(b"o", value.name, parts)
    elif strict:
        raise NotPlainDataError(f"a {type(value).__name__} cannot be handed to the program")
    else:
        _write_text(b"o", type(value).__name__, parts)


def _write_text(kind: bytes, text: str, parts: list[bytes]) -> None:
    data = text.encode("utf-8", "surrogatepass")
    parts.append(b"%s%d:%s" % (kind, len(data), data))


def decode(data: bytes, most: int = _MOST_ITEMS) -> Any:
    """Decode one value of at most `most` parts.

    Some values take very long to decode or to compare (1e999999999 as a Fraction). Call this only in a process with
    limits.

    Raises:
        ValueError, TypeError, RecursionError, ArithmeticError: The bytes are not an encoded value.
    """
    value, end = _read(data, 0, [most])
    if end != len(data):
        raise ValueError("bytes after the value")
    return value


def _read(data: bytes, at: int, left: list[int]) -> tuple[Any, int]:
    left[0] -= 1
    if left[0] < 0:
        raise ValueError("too many parts")
    kind, at = data[at : at + 1], at + 1
    if kind in {b"N", b"T", b"F"}:
        return {b"N": None, b"T": True, b"F": False}[kind], at
    if kind == b"r":
        start, at = _read(data, at, left)
        stop, at = _read(data, at, left)
        step, at = _read(data, at, left)
        return range(start, stop, step), at
    colon = data.index(b":", at)
    if kind == b"i":
        return int(data[at:colon], 16), colon + 1
    count, at = int(data[at:colon]), colon + 1
    if not 0 <= count <= len(data) - at:  # every part takes at least one byte
        raise ValueError("a length that cannot be")
    if kind in _COLLECTIONS or kind == b"g":
        items: list[Any] = []
        for _ in range(count):
            item, at = _read(data, at, left)
            items.append(item)
        return items if kind == b"l" else _COLLECTIONS.get(kind, iter)(items), at
    if kind == b"d":
        pairs: dict[Any, Any] = {}
        for _ in range(count):
            key, at = _read(data, at, left)
            pairs[key], at = _read(data, at, left)
        return pairs, at
    return _read_scalar(kind, data[at : at + count]), at + count


def _read_scalar(kind: bytes, data: bytes) -> Any:
    if kind == b"b":
        return data
    text = data.decode("utf-8", "surrogatepass")
    if kind == b"n":
        from decimal import Decimal
        from fractions import Fraction

        name, _, digits = text.partition(" ")
        return Decimal(digits) if name == "Decimal" else Fraction(digits)
    if kind not in _TEXTS:
        raise ValueError("an unknown type")
    return _TEXTS[kind](text)


def canonical(value: Any) -> bytes:
    """Encode JSON-like data so that equal values (1, 1.0 and True; dicts in any order) give equal bytes.

    Outside the sandbox, the result of a program is only ever compared, as bytes. A value that JSON cannot hold gives
    bytes that no JSON value gives. A tuple and a list give different bytes.
    """
    if isinstance(value, bool) or (isinstance(value, float) and value.is_integer()):
        value = int(value)
    if isinstance(value, list | tuple):
        kind = b"l" if isinstance(value, list) else b"t"
        return b"%s%d:%s" % (kind, len(value), b"".join(map(canonical, value)))
    if isinstance(value, dict):
        pairs = sorted((canonical(key), canonical(value[key])) for key in value)
        return b"d%d:%s" % (len(pairs), b"".join(key + item for key, item in pairs))
    if value is None or isinstance(value, int | float | str):
        return encode(value)
    return b"o"


def send(fd: int, data: bytes) -> None:
    """Send one message: its length in four bytes, then its bytes."""
    write_all(fd, len(data).to_bytes(4, "big") + data)


def write_all(fd: int, data: bytes) -> None:
    """Write all bytes, even if the pipe is full several times."""
    while data:
        data = data[os.write(fd, data) :]


def receive(fd: int, most: int, seconds: float | None = None) -> bytes | None:
    """Read one message. Return None at the end of the stream, or if the message has more than `most` bytes.

    Raises:
        TimeoutError: The complete message did not arrive within `seconds`.
    """
    until = None if seconds is None else time.monotonic() + seconds
    length = int.from_bytes(_read_exactly(fd, 4, until) or b"\xff\xff\xff\xff", "big")
    return _read_exactly(fd, length, until) if length <= most else None


def wait_readable(fd: int, seconds: float) -> bool:
    """Wait until there is something to read or the stream ends; return False if `seconds` pass before."""
    poll = select.poll()  # select() cannot use descriptors above 1023
    poll.register(fd, select.POLLIN)
    return bool(poll.poll(max(0, int(seconds * 1000) + 1)))


def _read_exactly(fd: int, count: int, until: float | None) -> bytes | None:
    parts: list[bytes] = []
    while count:
        if until is not None and not wait_readable(fd, until - time.monotonic()):
            raise TimeoutError
        part = os.read(fd, min(count, 1 << 20))
        if not part:
            return None
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def decode_flat(data: bytes, most: int) -> list[Any]:
    """Decode a list of at most `most` texts, bytes, ints, floats and Nones, in linear time.

    Raises:
        ValueError: The bytes are not such a list.
    """
    parts: list[Any] = []
    if not data.startswith(b"l"):
        raise ValueError("no list")
    at = data.index(b":") + 1
    while at < len(data):
        if len(parts) == most or data[at : at + 1] not in _FLAT:
            raise ValueError("no flat list")
        part, at = _read(data, at, [1])
        parts.append(part)
    if int(data[1 : data.index(b":")]) != len(parts):
        raise ValueError("a list of another length")
    return parts


_FLAT = {b"s", b"b", b"i", b"f", b"N"}
_TEXTS = {b"f": float, b"s": str, b"c": complex, b"o": Opaque}
