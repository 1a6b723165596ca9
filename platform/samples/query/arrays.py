"""A column of an answer as a NumPy array."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import types

from samples.query.plain import Column, compute, values

_EXACT = 2**53  # beyond it a float does not hold every integer


def array(column: Column) -> npt.NDArray[Any]:
    """Return the values of a column.

    Decimals, such as DuckDB's sums of integers, become int64 where they are integers, otherwise float64. A missing
    number is NaN, a missing time NaT. Times are datetime64, in UTC. All else is an array of Python objects: text,
    lists, dicts, None, and integers that these rules would round.
    """
    if types.is_decimal(column.type):
        column = _number(column)
    kind = column.type
    whole = column.null_count == 0
    if types.is_integer(kind):
        ends = compute.min_max(column).as_py()
        direct = whole or ends["min"] is None or -_EXACT <= ends["min"] <= ends["max"] <= _EXACT
    else:
        direct = (
            types.is_floating(kind)
            or types.is_timestamp(kind)
            or types.is_date(kind)
            or types.is_duration(kind)
            or (types.is_boolean(kind) and whole)
        )
    return column.to_numpy() if direct else np.fromiter(values(column), dtype=object, count=len(column))


def _number(column: Column) -> Column:
    if column.type.scale > 0:
        return column.cast(pa.float64())
    try:
        return column.cast(pa.int64())
    except pa.ArrowInvalid:  # beyond 64 bits: Python's integers
        return pa.chunked_array([[None if value is None else str(int(value)) for value in column.to_pylist()]])
