"""Why samples have no completion, or no verdict: a bar for each reason, the runs side by side."""

from typing import Any

import altair as alt

from samples.charts.asked import Asked, distinct
from samples.charts.captions import named
from samples.charts.panels import Drawn, counts_axis, finished, run_colour, tooltips

_REASONS = 20  # rows of a picture
_LETTERS = 60  # of a reason
_BAR = 16  # pixels


def draw(asked: Asked) -> Drawn:
    """Return the chart: the reasons with most samples, as many as can be read."""
    rows = asked.values(needs=["samples"])
    runs = asked.palette.order(distinct(rows, "run"))
    values: list[dict[str, Any]] = [{**row, "reason": _reason(row)} for row in rows]
    counts: dict[str, int] = {}
    for row in values:
        counts[row["reason"]] = max(counts.get(row["reason"], 0), row["samples"])
    reasons = sorted(counts, key=lambda one: -counts[one])
    kept = reasons[:_REASONS]
    values = [row for row in values if row["reason"] in kept]
    there = asked.palette.order(distinct(values, "run"))
    bars = alt.Chart().mark_bar()
    bars = bars.encode(
        x=alt.X("samples:Q", title="number of samples", axis=counts_axis(max(counts.values()))),
        y=alt.Y("reason:N", sort=kept, title=None, axis=alt.Axis(labelLimit=360)),
        yOffset=alt.YOffset("run:N", sort=there),
        color=run_colour(asked, values),
        tooltip=tooltips(values),
    )
    more = ["none of these samples counts as wrong"]
    if len(reasons) > _REASONS:
        more.append(f"{len(reasons) - _REASONS} rarer reasons are not drawn: samples query {asked.name}")
    height = max(_BAR * len(kept) * min(len(there), 4) + 10, 40)
    title = f"Samples of {named(runs)} without a completion or a verdict"
    return finished(asked, [bars], values, title, more=more, shared=["dataset"], height=height)


def _reason(row: dict[str, Any]) -> str:
    said = row["error"] or "no reason was stored"
    said = said if len(said) <= _LETTERS else f"{said[: _LETTERS - 1]}…"
    return f"{row['kind']}{' of ' + row['verifier'] if row['verifier'] else ''}: {said}"
