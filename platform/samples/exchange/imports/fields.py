"""Read the fields of one row as the kinds they must have.

A value of another kind raises `BadRow`, which says what is expected and what was found. NaN means a missing value, as
JSON has no NaN; only log-probs may be NaN.
"""

import math
import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from samples.errors import UsageError
from samples.exchange.shapes.dotted import lookup, nested
from samples.files.errors import BadRow
from samples.files.values import as_text, fields_of, short_json

Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float32]

_INT32 = 2**31 - 1
_INT64 = 2**63 - 1
_FLAGS = {"true": True, "True": True, "1": 1, "1.0": 1, "false": False, "False": False, "0": 0, "0.0": 0}  # in CSV
_NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}  # as `samples export` writes them


_NUMBER = re.compile(r"-?\d{1,20}(\.\d{1,20})?([eE][+-]?\d{1,3})?", re.ASCII)


class UnclearScore(UsageError):
    """A file holds several scores, and nobody said which one gives the verdicts."""


def choose_score(score: str | None, there: Mapping[str, Any], row: "Fields | None" = None) -> str | None:
    """Return which of a row's scores gives the verdict. None: the row has none, or `score` is "none".

    The scores in an object of `row` have dotted names: score.correct.

    Raises:
        UnclearScore: The row has several and `score` is None, or `score` is not one of them.
    """
    if row is not None:
        if score is not None and "." in score and row.holds(score):
            return score
        there = {full: None for name in there for full in row.leaves(name)}
    if score == "none" or not there:
        return None
    if score is None and len(there) == 1:
        return next(iter(there))
    if score in there:
        return score
    which = "are several scores" if score is None else f'is no score "{score}"'
    raise UnclearScore(f"there {which}; choose with --score: {', '.join(there)}, or none")


class Fields:
    """The fields of one row. Each method reads one field as a kind; null, NaN and a missing field are None."""

    def __init__(self, values: Any) -> None:
        self.values = fields_of(values)

    def __contains__(self, name: str) -> bool:
        return self._value(name) is not None

    def holds(self, name: str) -> bool:
        """Return whether there is a value that is no object at a dotted name."""
        return name in self and not isinstance(self.get(name), dict)

    def leaves(self, name: str) -> Iterator[str]:
        """Yield the dotted names of the values in an object; the name itself if it holds no object."""
        value = self.get(name)
        if not isinstance(value, dict):
            yield name
            return
        yield from (f"{name}.{inner}" for inner, one in nested(value) if not isinstance(one, dict))

    def get(self, name: str) -> Any:
        """Return the value of a field; a name may be dotted."""
        return self.values[name] if name in self.values else lookup(self.values, name)

    def _value(self, name: str) -> Any:
        value = self.get(name)
        return None if isinstance(value, float) and math.isnan(value) else value

    def _wrong(self, name: str, expected: str) -> BadRow:
        value = self.get(name)
        found = "missing" if value is None else short_json(value)
        return BadRow(f'"{name}" is {found}; {expected} is expected')

    def text(self, name: str, *, numbers: bool = False) -> str | None:
        """Return text; with `numbers`, a number counts as text too (an id, an answer)."""
        value = self._value(name)
        if value is None or isinstance(value, str):
            return value
        if numbers and isinstance(value, int | float) and not isinstance(value, bool):
            return as_text(value)
        raise self._wrong(name, "text or a number" if numbers else "text")

    def id(self, name: str) -> str:
        """Return an id: text that is not blank, or a number as `samples.problems.problems` writes it."""
        value, given = self.text(name, numbers=True), self.get(name)
        if value is None or not value.strip() or (isinstance(given, float) and math.isinf(given)):
            raise self._wrong(name, "the problem's id")
        return value

    def integer(self, name: str, most: int = _INT32, least: int = 0) -> int | None:
        """Return a whole number. 3.0 is one, because tables with gaps store integers as floats."""
        value = _number(self._value(name))
        if value is None:
            return None
        whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        if isinstance(value, bool) or not whole or not least <= value <= most:
            raise self._wrong(name, f"a whole number from {least} to {most}")
        return int(value)

    def seed(self, name: str) -> int | None:
        """Return a whole number of 64 bits."""
        return self.integer(name, _INT64, -_INT64 - 1)

    def number(self, name: str) -> float | None:
        """Return a finite number."""
        value = _number(self._value(name))
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= sys.float_info.max:
            raise self._wrong(name, "a finite number")
        return float(value) + 0.0  # minus zero is zero: DuckDB keeps no sign of it

    def logprob(self, name: str) -> float | None:
        """Return a number. It may be NaN or infinite, also as text ("-Infinity")."""
        value = self.get(name)
        return None if value is None else float(self._logprobs(name, [value])[0])

    def flag(self, name: str) -> bool | None:
        """Return true or false; 1 and 0 count too."""
        value = self._value(name)
        value = _FLAGS.get(value, value) if isinstance(value, str) else value
        if value is None:
            return None
        if isinstance(value, bool | int | float) and value in {0, 1}:
            return bool(value)
        raise self._wrong(name, "true, false, 1 or 0")

    def items(self, name: str) -> list[Any] | None:
        """Return a list."""
        value = self._value(name)
        if value is None or isinstance(value, list):
            return value
        raise self._wrong(name, "a list")

    def token_ids(self, name: str) -> Ints | None:
        """Return a list of token ids as int32."""
        values = self.items(name)
        if values is None:
            return None
        if not values:
            return np.empty(0, np.int32)
        found = _array(values)
        if found is None or found.dtype.kind != "i" or not 0 <= found.min() <= found.max() <= _INT32:
            raise self._wrong(name, "a list of token ids")
        return found.astype(np.int32)

    def token_logprobs(self, name: str) -> Floats | None:
        """Return a list of log-probs as float32. They may be NaN or infinite, also as text."""
        values = self.items(name)
        return None if values is None else self.logprobs(name, values)

    def logprobs(self, name: str, values: list[Any]) -> Floats:
        """Return `values` of the field `name` as log-probs, float32."""
        doubles = self._logprobs(name, values)
        with np.errstate(over="ignore"):
            floats = doubles.astype(np.float32)
        if not np.array_equal(np.isfinite(floats), np.isfinite(doubles)):
            raise self._wrong(name, "a list of log-probs")
        return floats

    def _logprobs(self, name: str, values: list[Any]) -> npt.NDArray[np.float64]:
        found = _array(values)
        if found is None or found.dtype.kind not in "fi":
            found = _array([_NOT_FINITE.get(value, value) if isinstance(value, str) else value for value in values])
        if found is None or found.dtype.kind not in "fi":
            raise self._wrong(name, "log-probs (numbers)")
        return found.astype(np.float64)


def _number(value: Any) -> Any:
    """Return a number that is written as text, as in CSV, as a number; other values stay."""
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        return value
    return int(value) if value.lstrip("-").isdecimal() else float(value)


def _array(values: list[Any]) -> npt.NDArray[Any] | None:
    """Return a flat list as an array, None if it is not flat. Numbers have the kind "i" or "f"."""
    try:
        found = np.array(values)
    except ValueError:  # lists of several lengths
        return None
    return found if found.ndim == 1 else None
