"""pass@k as it was observed, and from there the forecast of more samples with its interval."""

import altair as alt

from samples.charts.asked import Asked, data, distinct
from samples.charts.captions import named
from samples.charts.panels import Drawn, doublings, finished, run_colour, tooltips

BESIDE, SAME_K = "pass_at_k", False
_KINDS = ["observed", "forecast"]


def draw(asked: Asked) -> Drawn:
    """Return the chart. Lines of what was observed are whole, those of the forecast dashed."""
    values = [{**row, "what": "forecast"} for row in asked.values(needs=["pass_at_k"])]
    runs = asked.palette.order(distinct(values, "run"))
    facts = ("run", "dataset", "verifier", "k", "problems", "pass_at_k")
    seen = [] if asked.beside is None else data(asked.beside)
    start = {(row["run"], row["dataset"]): row for row in seen}  # the last k that was observed
    values += [{**{name: row[name] for name in facts}, "what": "observed"} for row in seen]
    values += [
        {**{name: row[name] for name in facts}, "low": row["pass_at_k"], "high": row["pass_at_k"], "what": "forecast"}
        for row in start.values()
    ]
    x = doublings(values, "k", "k (samples per problem)")
    y = alt.Y("pass_at_k:Q", title="pass@k")
    colour = run_colour(asked, values, lines=True)
    dash = alt.StrokeDash(
        "what:N", sort=_KINDS, scale=alt.Scale(domain=_KINDS, range=[[1, 0], [5, 4]]), title=None,
        legend=alt.Legend(symbolType="stroke", symbolStrokeWidth=2),
    )  # fmt: skip
    forecast = alt.datum.what == "forecast"
    band = alt.Chart().mark_area(opacity=0.15)
    band = band.encode(x=x, y=alt.Y("low:Q", title="pass@k"), y2="high:Q", color=colour).transform_filter(forecast)
    line = alt.Chart().mark_line(strokeWidth=2).encode(x=x, y=y, color=colour, strokeDash=dash)
    points = alt.Chart().mark_point(size=36, filled=True, opacity=1)
    points = points.encode(x=x, y=y, color=colour, tooltip=tooltips(values))
    more = ["band: where pass@k of these problems will be observed, in 95 %"]
    return finished(asked, [band, line, points], values, f"pass@k of {named(runs)}, and its forecast", more=more)
