"""Perplexities of the samples of each problem, as boxes, the runs side by side; as bands where problems are many."""

import altair as alt

from samples.charts.asked import Asked, distinct
from samples.charts.boxes import boxes, log_scale
from samples.charts.captions import counted, named
from samples.charts.panels import Drawn, finished, run_colour, tooltips

_BOXES = 80  # boxes that can be told apart
_POINTS = 300  # of all bands together: a page of HTML stays below a megabyte, and 900 KB of it are Vega
_WIDE = 760
_Y = "perplexity (log scale)"
_DRAWN = ("run", "dataset", "scorer", "token_mode", "problem_id", "samples", "q25", "q50", "q75")


def draw(asked: Asked) -> Drawn:
    """Return the chart of all samples, whatever their status. Problems stand in the order of the first run's median."""
    values = [row for row in asked.values(needs=["q50"]) if row["status"] == "all"]
    runs = asked.palette.order(distinct(values, "run"))
    first = sorted((row for row in values if row["run"] == runs[0]), key=lambda row: row["q50"])
    problems = distinct([*first, *values], "problem_id")
    total = counted(len(problems), "problem")
    title = f"Perplexity of the samples of {named(runs)}"
    if len(values) <= _BOXES:
        scale = log_scale(values, "q05", "q95")
        layers = boxes(asked, values, "problem_id", "problem", problems, _Y, scale=scale)
        more = ["box: quartiles and median; whiskers: from 5 to 95 % of a problem's samples"]
        return finished(asked, layers, values, title, more=[total, *more], width=_WIDE)
    step = -(-len(values) // _POINTS)
    places = {problem: place for place, problem in enumerate(problems, 1) if place % step == 1 or step == 1}
    kept = [column for column in (*asked.rows.columns[:1], *_DRAWN) if column in values[0]]
    values = [
        {**{column: row[column] for column in kept}, "place": places[row["problem_id"]]}
        for row in values
        if row["problem_id"] in places
    ]
    scale = log_scale(values, "q25", "q75")
    colour = run_colour(asked, values, lines=True)
    x = alt.X(
        "place:Q", title=f"problem, by its median under {named(runs[:1])}", scale=alt.Scale(zero=False, nice=False)
    )
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
    if step > 1:
        total += f"; one of {step} is drawn"
    return finished(asked, [band, line], values, title, more=[total, *more], width=_WIDE)
