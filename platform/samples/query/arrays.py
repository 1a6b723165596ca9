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
        try:
            column = column.cast(pa.float64() if column.type.scale > 0 else pa.int64())
        except pa.ArrowInvalid:  # an integer of more than 64 bits
            return _objects([None if value is None else int(value) for value in column.to_pylist()])
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
    return column.to_numpy() if direct else _objects(values(column))


def _objects(found: list[Any]) -> npt.NDArray[Any]:
    return np.fromiter(found, dtype=object, count=len(found))  # np.array would make a matrix of lists of one length
