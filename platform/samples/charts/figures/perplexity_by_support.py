"""Perplexity on the problems that both of two runs solve, only one, or neither, with its interval."""

from typing import Any

import altair as alt

from samples.charts.asked import Asked, distinct
from samples.charts.boxes import STATUSES, log_axis, log_scale
from samples.charts.captions import PART, named
from samples.charts.columns import told
from samples.charts.panels import Drawn, finished, run_colour
from samples.charts.ranges import MADE, ends
from samples.charts.shorten import expression

_Y = "perplexity (log scale)"


def draw(asked: Asked) -> Drawn:
    """Return the chart: a panel for all, correct and wrong samples."""
    values = sorted(asked.values(needs=["perplexity"]), key=lambda row: STATUSES.index(row["status"]))
    a, b = values[0]["a"], values[0]["b"]
    words = {"both": "both", "only_a": f"only {a}", "only_b": f"only {b}", "neither": "neither"}
    for row in values:
        row |= {"solved_by": words[row["outcome"]], PART: f"{row['status']} samples"}
    cut = ends(values, "perplexity")
    runs = asked.palette.order(distinct(values, "run"))
    there: dict[str, Any] = {
        "x": alt.X("solved_by:N", sort=list(words.values()), title="problems solved by",
                   axis=alt.Axis(labelAngle=-30, labelExpr=expression(22), labelLimit=150)),
        "xOffset": alt.XOffset("run:N", sort=runs),
        "color": run_colour(asked, values),
    }  # fmt: skip
    scale, axis = (of(values, "from", "to") for of in (log_scale, log_axis))
    middle, low = (alt.Y(f"{name}:Q", title=_Y, scale=scale, axis=axis) for name in ("perplexity", "from"))
    ranges = alt.Chart().mark_rule(strokeWidth=2).encode(**there, y=low, y2="to:Q")
    points = alt.Chart().mark_point(size=60, filled=True, opacity=1)
    points = points.encode(**there, y=middle, tooltip=told(values, MADE))
    scorer = asked.parameters.get("scorer")
    under = f" under {named(distinct(values, 'scorer'))}" if scorer else ""
    title = f"Perplexity of {named(runs)}{under} by who solves the problem, {named([a])} or {named([b])}"
    more = ["point: mean over problems of the median of a problem's samples; bar: its 95 % interval", *cut]
    shared = ["dataset", "verifier", "scorer"]
    return finished(asked, [ranges, points], values, title, more=more, shared=shared)
