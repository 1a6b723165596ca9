"""The share of repeated texts of each problem, the highest first: a line for each run."""

from itertools import groupby
from operator import itemgetter
from typing import Any

import altair as alt

from samples.charts.asked import Asked, distinct, spread
from samples.charts.captions import counted, named
from samples.charts.panels import Drawn, finished, run_colour, run_dash, tooltips

_POINTS = 400  # of a run


def draw(asked: Asked) -> Drawn:
    """Return the chart. Where problems are many, some are drawn, evenly over the places."""
    rows = asked.values(needs=["duplicate_rate"])
    runs = asked.palette.order(distinct(rows, "run"))
    values: list[dict[str, Any]] = []
    many = 0
    most = max(_POINTS // max(1, len(runs) // 4), 20)
    for _, group in groupby(sorted(rows, key=lambda row: (row["run"], -row["duplicate_rate"])), itemgetter("run")):
        placed = [{**row, "place": place} for place, row in enumerate(group, 1)]
        many = max(many, len(placed))
        values += spread(placed, most)
    x = alt.X(
        "place:Q",
        title="problem, by its rate under each run",
        axis=alt.Axis(tickMinStep=1, format="d"),
        scale=alt.Scale(zero=False, nice=False),
    )
    y = alt.Y(
        "duplicate_rate:Q",
        title="share of samples that repeat a text",
        axis=alt.Axis(format="%"),
        scale=alt.Scale(domain=[0, 1]),
    )
    colour = run_colour(asked, values, lines=True)
    line = alt.Chart().mark_line(strokeWidth=1.5).encode(x=x, y=y, color=colour, strokeDash=run_dash(asked, values))
    points = (
        alt.Chart().mark_point(size=24, filled=True, opacity=1).encode(x=x, y=y, color=colour, tooltip=tooltips(values))
    )
    more = (
        [counted(many, "problem")]
        if many <= most
        else [f"{counted(many, 'problem')}, of which {most} of each run are drawn"]
    )
    more.append(
        "a rate near 1 at a temperature above 0 means that samples shared a seed; short answers repeat by chance"
    )
    return finished(asked, [line, points], values, f"Repeated texts of {named(runs)}", more=more, shared=["dataset"])
