"""A number of each run with its interval: a row for each run, the runs below each other."""

from collections.abc import Sequence
from typing import Any

import altair as alt

from samples.charts.asked import Asked
from samples.charts.panels import run_colour, tooltips
from samples.charts.shorten import expression

_ROW, _DENSE, _MANY = 26, 16, 25  # pixels of a row, of a row where runs are many, and how many are many


def dots(
    asked: Asked, values: list[dict[str, Any]], column: str, title: str, runs: Sequence[str], *, percent: bool = False
) -> list[Any]:
    """Return a point for each run, and a bar from low to high where the rows have these columns."""
    y = alt.Y("run:N", sort=list(runs), title=None, axis=alt.Axis(labelLimit=260, labelExpr=expression(36)))
    colour = run_colour(asked, values, legend=False)
    axis = alt.Axis(format="%") if percent else alt.Axis()
    x = alt.X(f"{column}:Q", title=title, scale=alt.Scale(zero=False), axis=axis)
    points = alt.Chart().mark_point(size=64, filled=True, opacity=1)
    layers: list[Any] = [points.encode(y=y, x=x, color=colour, tooltip=tooltips(values))]
    if any(row.get("low") is not None for row in values):
        bar = alt.Chart().mark_rule(strokeWidth=2)
        low = alt.X("low:Q", title=title, scale=alt.Scale(zero=False), axis=axis)
        layers.insert(0, bar.encode(y=y, x=low, x2="high:Q", color=colour).transform_filter("isValid(datum.low)"))
    return layers


def height(runs: Sequence[str]) -> float:
    """Return the height of so many rows, in pixels."""
    return (_ROW if len(runs) <= _MANY else _DENSE) * len(runs) + 10
