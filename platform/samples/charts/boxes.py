"""Boxes of quantiles that a query gives: nothing is computed of samples here."""

from collections.abc import Sequence
from math import ceil, floor, log10
from typing import Any

import altair as alt

from samples.charts.asked import Asked, distinct
from samples.charts.panels import run_colour, tooltips

STATUSES = ("all", "correct", "wrong")
_LETTERS = 22  # of a name, before it is cut
_LEVEL = 90  # letters of all names that fit beside each other
_NARROW, _WIDE, _TICKS = 2.5, 12.0, 7  # ranges of a log axis, as a factor; most ticks of a narrow one
_AROUND = 1.1  # free space above and below, as a factor


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
    crowded = sum(min(len(name), _LETTERS) for name in order) > _LEVEL
    axis = alt.Axis(labelAngle=-45 if crowded else 0, labelLimit=140)
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


def log_axis(values: list[dict[str, Any]], low: str, high: str) -> alt.Axis:
    """Return the axis of `log_scale`: labels at round numbers, and a line for each label."""
    least, most = (edge(distinct(values, column)) for edge, column in ((min, low), (max, high)))
    least, most = least / _AROUND, most * _AROUND
    if most / least < _NARROW:
        step = 10.0 ** floor(log10((most - least) / _TICKS))
        step *= next(times for times in (1, 2, 5, 10) if (most - least) / (step * times) <= _TICKS)
        ticks = [step * place for place in range(ceil(least / step), floor(most / step) + 1)]
    else:
        steps = (1, 2, 5) if most / least > _WIDE else (1, 1.5, 2, 3, 4, 6, 8)
        powers = range(floor(log10(least)), ceil(log10(most)) + 1)
        ticks = [tick for power in powers for tick in (times * 10.0**power for times in steps) if least <= tick <= most]
    return alt.Axis(format="~g", values=[float(f"{tick:.6g}") for tick in ticks])


def log_scale(values: list[dict[str, Any]], low: str, high: str) -> alt.Scale:
    """Return a log scale that holds the perplexities, with some space around them."""
    least, most = min(distinct(values, low)), max(distinct(values, high))
    return alt.Scale(type="log", nice=False, domain=[least / _AROUND, most * _AROUND])
