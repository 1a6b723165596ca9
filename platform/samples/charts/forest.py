"""Forest plots: a row for each run or other name, and in it a point with its interval.

Names stand at the side, where long ones have room.
"""

from collections.abc import Sequence
from typing import Any

import altair as alt

from samples.charts.asked import Asked, distinct
from samples.charts.panels import run_colour, tooltips
from samples.charts.shorten import AXIS, expression

_WIDEST = 400  # of the names of an axis, in pixels: without it, Vega writes the axis's title over long names
ROW, _LOW = 40, 22  # height of a row, in pixels; of one of many
_MANY = 10


def names(column: str, order: Sequence[str], title: str | None = None) -> alt.Y:
    """Return an axis of names, from top to bottom."""
    axis = alt.Axis(labelExpr=expression(AXIS), labelLimit=0, maxExtent=_WIDEST)
    return alt.Y(f"{column}:N", sort=list(order), title=title, axis=axis)


def intervals(
    asked: Asked,
    values: list[dict[str, Any]],
    column: str,
    title: str,
    *,
    scale: alt.Scale | None = None,
    form: str = "",
) -> list[alt.Chart]:
    """Return a row for each run, with a bar from low to high and a point at `column`. `form` is that of its numbers."""
    y = names("run", asked.palette.order(distinct(values, "run")))
    colour = run_colour(asked, values, legend=False)
    axis = alt.Axis(labelFlush=False, format=form or alt.Undefined)
    low, middle = (alt.X(f"{name}:Q", title=title, axis=axis, scale=scale or alt.Undefined) for name in ("low", column))
    ranges = alt.Chart().mark_rule(strokeWidth=2).encode(y=y, x=low, x2="high:Q", color=colour)
    points = alt.Chart().mark_point(size=70, filled=True, opacity=1)
    return [ranges, points.encode(y=y, x=middle, color=colour, tooltip=tooltips(values))]


def height(rows: Sequence[Any]) -> int:
    """Return the height of a chart of so many rows."""
    return (ROW if len(rows) <= _MANY else _LOW) * len(rows) + 10
