"""pass@k over k on a log2 axis: a line and its interval for each run, and where the lead changes."""

import altair as alt

from samples.charts.asked import Asked, distinct
from samples.charts.captions import PANEL, named
from samples.charts.crossed import exact, marked, said
from samples.charts.curves import crossings, curves, hidden, thinned
from samples.charts.palette import GREY
from samples.charts.panels import Drawn, doublings, finished, panels


def draw(asked: Asked) -> Drawn:
    """Return the chart. Where two runs are drawn, the query crossing says where one overtakes the other."""
    values, fewer = thinned(asked.values(needs=["pass_at_k"]))
    runs = asked.palette.order(distinct(values, "run"))
    layers = curves(asked, values, doublings(values, "k", "k (samples per problem)"), "pass_at_k", "pass@k")
    found = exact(asked, values)
    marks = marked(values, found)
    more = [f"{panel}: {said(row)}" if (panel := row[PANEL]) else said(row) for row in found]
    if any("crossing_low" in row for row in values):
        more.append("grey: the 95 % interval of the k at which the lead changes")
    if not found and not panels(asked, values):
        changes = crossings(values, "k", "pass_at_k")
        marks = [alt.Chart().mark_rule(color=GREY, strokeDash=[4, 4]).encode(x=alt.XDatum(k)) for k, _ in changes]
        more = [f"of the k shown, {run} is ahead from k = {k:,} on" for k, run in changes[-1:]]
    return finished(asked, [*marks, *layers], values, f"pass@k of {named(runs)}", more=[*more, *fewer, *hidden(values)])
