"""An axis of the values of a label of runs, such as the training step."""

from math import isfinite
from typing import Any

import altair as alt

from samples.charts.asked import distinct
from samples.charts.shorten import expression

_TICKS = 9  # values that have a tick each


def across(values: list[dict[str, Any]], column: str, title: str) -> alt.X:
    """Return the axis: of numbers where all values are numbers, else of texts in the order of the rows.

    Where they are numbers, the rows get them in the column `place`.
    """
    texts = distinct(values, column)
    numbers = {value: number for value in texts if (number := _number(value)) is not None}
    if len(numbers) == len(texts):
        for row in values:
            row["place"] = numbers[row[column]]
        axis = alt.Axis(values=list(numbers.values())) if len(numbers) <= _TICKS else alt.Axis(labelFlush=False)
        return alt.X("place:Q", title=title, axis=axis, scale=alt.Scale(zero=False, nice=False, padding=12))
    return alt.X(f"{column}:N", title=title, sort=texts, axis=alt.Axis(labelAngle=-45, labelExpr=expression(24)))


def is_line(values: list[dict[str, Any]], column: str) -> bool:
    """Return whether each value has one run in each dataset and token mode, so that a line can join them."""
    places = [(row[column], row["dataset"], row.get("token_mode")) for row in values]
    return len(set(places)) == len(places)


def _number(value: str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return number if isfinite(number) else None
