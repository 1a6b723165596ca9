"""The perplexity of each run for all, correct and wrong samples, and its range over problems."""

from typing import Any

import altair as alt

from samples.charts.asked import Asked, distinct
from samples.charts.boxes import STATUSES, log_scale
from samples.charts.captions import named
from samples.charts.panels import Drawn, finished, run_colour, tooltips

_Y = "perplexity (log scale)"


def draw(asked: Asked) -> Drawn:
    """Return the chart: a point at the mean of the problems' medians, a bar from the lowest to the highest of them."""
    values = asked.values(needs=["perplexity"])
    runs = asked.palette.order(distinct(values, "run"))
    across: dict[str, Any] = {
        "x": alt.X("status:N", sort=list(STATUSES), title="samples", axis=alt.Axis(labelAngle=0)),
        "xOffset": alt.XOffset("run:N", sort=runs),
    }
    colour = run_colour(asked, values)
    scale = log_scale(values, "lowest", "highest")
    ranges = (
        alt.Chart()
        .mark_rule(strokeWidth=2)
        .encode(**across, y=alt.Y("lowest:Q", scale=scale, title=_Y), y2="highest:Q", color=colour)
    )
    points = (
        alt.Chart()
        .mark_point(size=70, filled=True, opacity=1)
        .encode(**across, y=alt.Y("perplexity:Q", scale=scale, title=_Y), color=colour, tooltip=tooltips(values))
    )
    more = ["point: mean over problems of the median of a problem's samples; bar: lowest and highest of these medians"]
    title = f"Perplexity of the samples of {named(runs)}"
    return finished(asked, [ranges, points], values, title, more=more, shared=["dataset", "verifier", "scorer"])
