"""The divergence of each run from the scorer, per completion or per token, with its interval."""

import altair as alt

from samples.charts.asked import Asked, distinct
from samples.charts.captions import PANEL, named
from samples.charts.forest import height, intervals
from samples.charts.palette import GREY
from samples.charts.panels import Drawn, finished, panels

_SAID = 6  # runs in the subtitle


def draw(asked: Asked) -> Drawn:
    """Return the chart of the divergence per completion; that per token stands in the tooltips."""
    rows = asked.values(needs=["divergence"])
    per_token = {asked.place(row): row["divergence"] for row in rows if row["per"] == "token"}
    values = [{**row, "per_token": per_token.get(asked.place(row))} for row in rows if row["per"] == "completion"]
    runs = asked.palette.order(distinct(values, "run"))
    zero = alt.Chart().mark_rule(color=GREY).encode(x=alt.XDatum(0))
    layers = intervals(asked, values, "divergence", "divergence (nats per completion)")
    parts = panels(asked, values)
    known = [row for row in values if row["per_token"] is not None]
    said = [f"{f'{row[PANEL]}, ' if parts else ''}{row['run']} {row['per_token']:.3g}" for row in known]
    more = ["bar: 95 % interval over problems", *([f"nats per token: {'; '.join(said)}"] if len(said) <= _SAID else [])]
    title = f"Divergence of {named(runs)} from {named(distinct(values, 'scorer'))}"
    return finished(asked, [zero, *layers], values, title, more=more, height=height(runs), own_rows=True)
