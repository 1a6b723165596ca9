"""Perplexities of the samples of each problem, as boxes, the runs side by side; as bands where problems are many."""

import altair as alt

from samples.charts.asked import Asked, distinct
from samples.charts.boxes import boxes, log_scale
from samples.charts.captions import counted, named
from samples.charts.panels import Drawn, finished, run_colour, tooltips

_BOXES = 80  # boxes that can be told apart
_WIDE = 760
_Y = "perplexity (log scale)"


def draw(asked: Asked) -> Drawn:
    """Return the chart of all samples, whatever their status. Problems stand in the order of the first run's median."""
    values = [row for row in asked.values(needs=["q50"]) if row["status"] == "all"]
    runs = asked.palette.order(distinct(values, "run"))
    first = sorted((row for row in values if row["run"] == runs[0]), key=lambda row: row["q50"])
    problems = distinct([*first, *values], "problem_id")
    scale = log_scale(values, "q05", "q95")
    total = counted(len(problems), "problem")
    title = f"Perplexity of the samples of {named(runs)}"
    if len(values) <= _BOXES:
        layers = boxes(asked, values, "problem_id", "problem", problems, _Y, scale=scale)
        more = ["box: quartiles and median; whiskers: from 5 to 95 % of a problem's samples"]
        return finished(asked, layers, values, title, more=[total, *more], width=_WIDE)
    places = {problem: place for place, problem in enumerate(problems, 1)}
    for row in values:
        row["place"] = places[row["problem_id"]]
    colour = run_colour(asked, values, lines=True)
    x = alt.X("place:Q", title=f"problem, by its median under {runs[0]}", scale=alt.Scale(zero=False, nice=False))
    band = (
        alt.Chart()
        .mark_area(opacity=0.2)
        .encode(x=x, y=alt.Y("q25:Q", scale=scale, title=_Y), y2="q75:Q", color=colour)
    )
    line = (
        alt.Chart()
        .mark_line(strokeWidth=1.5)
        .encode(x=x, y=alt.Y("q50:Q", scale=scale, title=_Y), color=colour, tooltip=tooltips(values))
    )
    more = ["line: median of a problem's samples; band: their quartiles"]
    return finished(asked, [band, line], values, title, more=[total, *more], width=_WIDE)
