"""How much likelier correct samples are than others of the same problems: a point and its interval for each run."""

from typing import Any

import altair as alt

from samples.charts.asked import Asked, distinct
from samples.charts.captions import named
from samples.charts.forest import ROW, names
from samples.charts.palette import GREY
from samples.charts.panels import Drawn, finished, run_colour, tooltips

_ORDER = ("wrong", "no_answer", "timeout", "error", "unjudged")
_X = ["mean log perplexity, minus that of correct", "samples of the same problem (nats per token)"]


def draw(asked: Asked) -> Drawn:
    """Return the chart of the paired differences; the perplexities of each status stand in the tooltips."""
    values = asked.values(needs=["difference"])
    correct = {asked.place(row): row["perplexity"] for row in asked.rows if row["status"] == "correct"}
    for row in values:
        row["perplexity of correct"] = correct[asked.place(row)]
    runs = asked.palette.order(distinct(values, "run"))
    statuses = [status for status in _ORDER if status in distinct(values, "status")]
    across: dict[str, Any] = {
        "y": names("status", statuses),
        "yOffset": alt.YOffset("run:N", sort=runs),
        "color": run_colour(asked, values),
    }
    zero = alt.Chart().mark_rule(color=GREY).encode(x=alt.XDatum(0))
    low, middle = (alt.X(f"{name}:Q", title=_X, axis=alt.Axis(labelFlush=False)) for name in ("low", "difference"))
    ranges = alt.Chart().mark_rule(strokeWidth=2).encode(**across, x=low, x2="high:Q")
    points = alt.Chart().mark_point(size=70, filled=True, opacity=1)
    points = points.encode(**across, x=middle, tooltip=tooltips(values))
    under = f" under {named(distinct(values, 'scorer'))}" if asked.parameters.get("scorer") else ""
    title = f"Log perplexity of {named(runs)}{under}: other samples against correct ones"
    more = ["right of 0, correct samples are likelier; bar: 95 % interval over problems that have both"]
    height = len(statuses) * max(ROW, 16 * len(runs)) + 10
    shared = ["dataset", "verifier", "scorer"]
    layers = [zero, ranges, points]
    return finished(asked, layers, values, title, more=more, shared=shared, height=height, own_rows=True)
