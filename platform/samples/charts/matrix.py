"""Matrices of counts: a shaded cell with its number. What agrees is grey, what differs orange."""

from collections.abc import Sequence
from typing import Any

import altair as alt

from samples.charts.columns import told

GREY, ORANGE, PALE = "#8C8C8C", "#D55E00", "#D9D9D9"
_FAINT = 0.12  # the shade of a cell with hardly anything
_FULL = 0.85  # the opacity of the darkest cell: dark numbers can be read on it
_MADE = {"shade", "shown"}


def shaded(row: dict[str, Any], count: int, total: int) -> None:
    """Write into a row its number as text, and a shade that grows with the square root of its share of the total."""
    row |= {"shown": f"{count:,}", "shade": _FAINT + (1 - _FAINT) * (count / total) ** 0.5}


def cells(
    values: list[dict[str, Any]], x: alt.X, y: alt.Y, column: str, kinds: Sequence[str], *, hidden: Sequence[str] = ()
) -> list[alt.Chart]:
    """Return the cells and their numbers. `kinds` are the values of `column` that are grey, orange and pale.

    A row without a shade is a number alone. The columns `hidden` are in no tooltip.
    """
    there: dict[str, Any] = {"x": x, "y": y, "tooltip": told(values, {*_MADE, *hidden})}
    scale, whole = (
        alt.Scale(domain=list(kinds), range=[GREY, ORANGE, PALE][: len(kinds)]),
        alt.Scale(domain=[0, 1], range=[0, _FULL]),
    )
    squares = alt.Chart().mark_rect(stroke="#FFFFFF")
    squares = squares.encode(
        **there,
        color=alt.Color(f"{column}:N", scale=scale, title=None, legend=alt.Legend(symbolType="square")),
        opacity=alt.Opacity("shade:Q", scale=whole, legend=None),
    )
    numbers = alt.Chart().mark_text(fontSize=11, color="#222222").encode(**there, text="shown:N")
    return [squares.transform_filter("isValid(datum.shade)"), numbers]
