"""Write values as one line of text each, harmless on a terminal and in a notebook.

Control characters are spelled out (see `samples.lines`).
"""

import math
from typing import Any

import pyarrow as pa
from pyarrow import types
from rich.cells import cell_len, set_cell_size

from samples.lines import printable
from samples.query.plain import Column, compute, is_nested, plain, text, values

NOTHING = "-"  # a missing value
CUT = "…"

_TINY, _HUGE = 0.00005, 1e15  # numbers beyond these are written with an exponent


def cell(value: Any) -> str:
    """Write a value of any type on one line: maps as key=value, lists with commas, nothing as "-"."""
    if value is None:
        return NOTHING
    if isinstance(value, float):
        return number(value)
    if isinstance(value, dict):
        return " ".join(f"{cell(key)}={cell(content)}" for key, content in value.items())  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, list):
        return ", ".join(_element(cell(part)) for part in value)  # pyright: ignore[reportUnknownVariableType]
    return printable(text(value) or "", lines=False)


def number(value: float) -> str:
    """Write a float with four decimals, or with an exponent if four decimals would hide it."""
    if _TINY <= abs(value) < _HUGE:
        return f"{value:.4f}"
    if value == 0:
        return "0.0000"
    return f"{value:.3e}" if math.isfinite(value) else "NaN" if math.isnan(value) else str(value)


def texts(column: Column, room: int | None = None) -> list[str]:
    """Write each value of a column on one line. A text longer than `room` characters is cut, and ends in …."""
    kind = column.type
    if types.is_floating(kind):
        return [NOTHING if value is None else number(value) for value in column.to_pylist()]
    if is_nested(kind):
        return [cell(value) for value in values(column)]
    words = plain(column)
    if not types.is_string(words.type):  # numbers and booleans
        return [NOTHING if word is None else word for word in words.cast(pa.string()).to_pylist()]
    if room is not None:
        words = compute.utf8_slice_codeunits(words, 0, room + 1)
    whole = [NOTHING if word is None else word for word in words.to_pylist()]
    if room is not None:
        whole = [word if len(word) <= room else word[:room] + CUT for word in whole]
    joined = "".join(whole)
    return whole if joined.isascii() and joined.isprintable() else [printable(word, lines=False) for word in whole]


def widest(column: Column) -> int:
    """Return the width of the widest number in a column, as `texts` writes it."""
    if not types.is_floating(column.type):
        ends = compute.min_max(column).as_py()
        return max(width(NOTHING if value is None else str(value)) for value in ends.values())
    numbers = [value for value in column.to_pylist() if value is not None]
    odd = {value for value in numbers if not _TINY <= abs(value) < _HUGE}
    ordinary = [value for value in numbers if _TINY <= abs(value) < _HUGE] or [0.0]
    return max(len(number(value)) for value in (*odd, min(ordinary), max(ordinary)))


def width(given: str) -> int:
    """Return how many columns of a terminal a text takes; East Asian letters take two."""
    return len(given) if given.isascii() else cell_len(given)


def cut(given: str, room: int) -> str:
    """Return the text, cut to `room` columns of a terminal if it is wider. A cut text ends in …."""
    if width(given) <= room:
        return given
    return (given[: room - 1] if given.isascii() else set_cell_size(given, room - 1)) + CUT


def _element(word: str) -> str:
    """Quote a list's element that could be taken for two."""
    return f'"{word}"' if "," in word or word != word.strip() else word
