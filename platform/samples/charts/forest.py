"""Forest plots: a row for each run or other name, and in it a point with its interval.

Names stand at the side, where long ones have room.
"""

from collections.abc import Sequence
from typing import Any

import altair as alt

from samples.charts.asked import Asked, distinct
from samples.charts.panels import run_colour, tooltips

_LETTERS = 40  # of a name on an axis; of a longer one, its beginning and its end are shown
_BEGIN, _END = 18, 21
ROW = 40  # height of a row, in pixels


def names(column: str, order: Sequence[str], title: str | None = None) -> alt.Y:
    """Return an axis of names, from top to bottom. The middle of a long name is left out: names differ at the end."""
    cut = f"slice(datum.label, 0, {_BEGIN}) + '…' + slice(datum.label, -{_END})"
    shown = f"length(datum.label) > {_LETTERS} ? {cut} : datum.label"
    return alt.Y(f"{column}:N", sort=list(order), title=title, axis=alt.Axis(labelExpr=shown, labelLimit=0))


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
    return ROW * len(rows) + 10
