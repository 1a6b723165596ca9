"""pass@k as it was observed, and from there the forecast of more samples with its interval."""

from typing import Any

import altair as alt

from samples.charts.asked import Asked, data, distinct
from samples.charts.captions import named
from samples.charts.panels import Drawn, doublings, finished, run_colour, tooltips

_KINDS = ["observed", "forecast"]
_FACTS = ("run", "dataset", "verifier", "k", "problems", "pass_at_k")


def draw(asked: Asked) -> Drawn:
    """Return the chart. Lines of what was observed are whole, those of the forecast dashed."""
    values = _values(asked, asked.values(needs=["pass_at_k"]))
    runs = asked.palette.order(distinct(values, "run"))
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


def _values(asked: Asked, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows at all doublings, at what was asked for, and at the n of each run.

    Up to n, a forecast without an interval continues no problem: it was observed. The forecast begins where that ends.
    """
    assert asked.ask is not None
    wanted = {row["k"] for row in rows}
    doubled = {1 << power for power in range(max(wanted).bit_length())}
    found = data(asked.ask("forecast", ks=sorted(doubled | wanted | {row["n"] for row in rows})))
    last: dict[tuple[str, str], dict[str, Any]] = {}
    values: list[dict[str, Any]] = []
    for row in found:
        facts = {name: row[name] for name in _FACTS}
        if row["k"] <= row["n"] and row["low"] == row["high"]:
            values.append({**facts, "what": "observed"})
            last[row["run"], row["dataset"]] = row
        else:
            values.append({**row, "what": "forecast"})
    return values + [{**row, "what": "forecast"} for row in last.values()]
