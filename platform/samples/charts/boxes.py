"""Boxes of quantiles that a query gives: nothing is computed of samples here."""

from collections.abc import Sequence
from typing import Any

import altair as alt

from samples.charts.asked import Asked, distinct
from samples.charts.panels import run_colour, tooltips

STATUSES = ("all", "correct", "wrong")
_LEVEL = 24  # boxes beside each other that leave room for level names


def boxes(
    asked: Asked,
    values: list[dict[str, Any]],
    x: str,
    x_title: str,
    order: Sequence[str],
    y_title: str,
    *,
    scale: alt.Scale | None = None,
) -> list[alt.Chart]:
    """Return whiskers from q05 to q95, boxes from q25 to q75 and ticks at q50, the runs side by side at each x."""
    runs = asked.palette.order(distinct(values, "run"))
    many = len(order) * len(runs) > _LEVEL
    axis = alt.Axis(labelAngle=-45 if many else 0, labelLimit=140)
    across: dict[str, Any] = {
        "x": alt.X(f"{x}:N", sort=list(order), title=x_title, axis=axis),
        "xOffset": alt.XOffset("run:N", sort=runs),
    }
    scale = scale or alt.Scale(zero=True)
    colour = run_colour(asked, values, lines=True)
    low, quarter, middle = (alt.Y(f"{q}:Q", title=y_title, scale=scale) for q in ("q05", "q25", "q50"))
    whiskers = alt.Chart().mark_rule(strokeWidth=1.5).encode(**across, y=low, y2="q95:Q", color=colour)
    box = alt.Chart().mark_bar(filled=False, fill="#FFFFFF", strokeWidth=1.5)
    box = box.encode(**across, y=quarter, y2="q75:Q", color=colour, tooltip=tooltips(values))
    medians = (
        alt.Chart().mark_tick(thickness=3, opacity=1).encode(**across, y=middle, color=colour, tooltip=tooltips(values))
    )
    return [whiskers, box, medians]


def log_scale(values: list[dict[str, Any]], low: str, high: str) -> alt.Scale:
    """Return a log scale for perplexities from 1, which none is below, to the largest of them."""
    least, most = min(1.0, *distinct(values, low)), max(distinct(values, high))
    return alt.Scale(type="log", nice=False, domain=[least, most if most > least else 2 * least])
