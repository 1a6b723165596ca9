"""Curves of two queries in one picture: the query's own, and pass@k of the same samples, dashed."""

from math import isclose, nan

import altair as alt

from samples.charts.asked import Asked, data, distinct
from samples.charts.captions import named
from samples.charts.curves import curves, hidden, thinned
from samples.charts.panels import Drawn, doublings, finished


def two_curves(asked: Asked, column: str, measure: str, axis: str) -> Drawn:
    """Return the chart of `column`, called `measure`, beside pass@k."""
    own = [{**row, "value": row[column], "measure": measure} for row in asked.values(needs=[column])]
    other = [] if asked.beside is None else data(asked.beside)
    values, fewer = thinned(own + [{**row, "value": row["pass_at_k"], "measure": "pass@k"} for row in other])
    runs = asked.palette.order(distinct(own, "run"))
    measures = [measure, "pass@k"]
    dash = alt.StrokeDash(
        "measure:N", sort=measures, scale=alt.Scale(domain=measures, range=[[1, 0], [5, 4]]), title=None,
        legend=alt.Legend(symbolType="stroke", symbolStrokeWidth=2),
    )  # fmt: skip
    layers = curves(asked, values, doublings(values, "k", "k (samples per problem)"), "value", axis, dash=dash)
    at = {(row["run"], row["dataset"], row["k"]): float(row["pass_at_k"]) for row in other}
    same = all(
        isclose(at.get((row["run"], row["dataset"], row["k"]), nan), float(row[column]), abs_tol=1e-12) for row in own
    )
    more = [f"{measure} is pass@k here: every reward is 0 or 1"] if same and column == "max_at_k" else []
    return finished(
        asked, layers, values, f"{measure} beside pass@k of {named(runs)}", more=[*more, *fewer, *hidden(values)]
    )
