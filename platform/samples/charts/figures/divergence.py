"""The divergence of each run from the scorer, per completion or per token, with its interval."""

import altair as alt

from samples.charts.asked import Asked, distinct
from samples.charts.captions import named
from samples.charts.palette import GREY
from samples.charts.panels import Drawn, finished, run_colour, tooltips

_SAID = 6  # runs in the subtitle


def draw(asked: Asked) -> Drawn:
    """Return the chart of the divergence per completion; that per token stands in the tooltips."""
    rows = asked.values(needs=["divergence"])
    per_token = {row["run"]: row["divergence"] for row in rows if row["per"] == "token"}
    values = [{**row, "per_token": per_token.get(row["run"])} for row in rows if row["per"] == "completion"]
    runs = asked.palette.order(distinct(values, "run"))
    y = alt.Y("run:N", sort=runs, title=None, axis=alt.Axis(labelLimit=200))
    colour = run_colour(asked, values, legend=False)
    x_title = "divergence (nats per completion)"
    zero = alt.Chart().mark_rule(color=GREY).encode(x=alt.XDatum(0))
    interval = (
        alt.Chart().mark_rule(strokeWidth=2).encode(y=y, x=alt.X("low:Q", title=x_title), x2="high:Q", color=colour)
    )
    points = (
        alt.Chart()
        .mark_point(size=70, filled=True, opacity=1)
        .encode(y=y, x=alt.X("divergence:Q", title=x_title), color=colour, tooltip=tooltips(values))
    )
    said = [f"{row['run']} {row['per_token']:.3g}" for row in values if row["per_token"] is not None]
    more = ["bar: 95 % interval over problems", *([f"nats per token: {', '.join(said)}"] if len(said) <= _SAID else [])]
    height = 40 * len(runs) + 10
    title = f"Divergence of {named(runs)} from {named(distinct(values, 'scorer'))}"
    return finished(asked, [zero, interval, points], values, title, more=more, height=height, own_rows=True)
