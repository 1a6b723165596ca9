"""Perplexity over a label of runs, such as the training step: a point and its interval for each run."""

from typing import Any

import altair as alt

from samples.charts.asked import Asked, distinct
from samples.charts.boxes import log_axis, log_scale
from samples.charts.captions import named
from samples.charts.columns import told
from samples.charts.labels import across, is_line
from samples.charts.panels import Drawn, finished, run_colour
from samples.charts.ranges import MADE, ends

_LINE = "#333333"


def draw(asked: Asked) -> Drawn:
    """Return the chart. A line joins the runs where each value of the label has one run."""
    values = asked.values(needs=["perplexity"])
    label = values[0]["x"]
    cut = ends(values, "perplexity")
    scale, axis = (of(values, "from", "to") for of in (log_scale, log_axis))
    x = across(values, "value", label)
    y, low = (
        alt.Y(f"{name}:Q", title="perplexity (log scale)", scale=scale, axis=axis) for name in ("perplexity", "from")
    )
    alone = is_line(values, "value")
    colour: Any = alt.value(_LINE) if alone else run_colour(asked, values, lines=True)
    layers = [
        alt.Chart().mark_rule(strokeWidth=1.5, opacity=0.7).encode(x=x, y=low, y2="to:Q", color=colour),
        alt.Chart()
        .mark_point(size=50, filled=True, opacity=1)
        .encode(x=x, y=y, color=colour, tooltip=told(values, MADE)),
    ]
    if alone:
        layers.insert(1, alt.Chart().mark_line(strokeWidth=1.5).encode(x=x, y=y, color=colour))
    scorers = distinct(values, "scorer")
    runs = asked.palette.order(distinct(values, "run"))
    under = f" under {named(scorers)}" if asked.parameters.get("scorer") else ""
    title = f"Perplexity of the samples of {named(runs)}{under}, by {label}"
    more = ["point: mean over problems of the median of a problem's samples; bar: its 95 % interval", *cut]
    return finished(asked, layers, values, title, more=more, shared=["dataset", "scorer", "problems"])
