"""Samples that ended by themselves, were cut, or failed: one bar for each run."""

from typing import Any

import altair as alt

from samples.charts.asked import Asked, distinct
from samples.charts.captions import named
from samples.charts.columns import told
from samples.charts.panels import Drawn, finished

_ENDS = {  # column of the query: words, and a grey: colours are for runs
    "stopped": ("stopped", "#C4C4C4"),
    "cut": ("cut at the limit", "#4D4D4D"),
    "unknown": ("not known", "#EBEBEB"),
    "errors": ("failed", "#000000"),
}


def draw(asked: Asked) -> Drawn:
    """Return the chart."""
    rows = asked.values(needs=["samples"])
    runs = asked.palette.order(distinct(rows, "run"))
    facts = ("run", "dataset", "verifier", "samples", "share_cut", "accuracy", "accuracy_without_cut")
    values: list[dict[str, Any]] = [
        {**{name: row[name] for name in facts}, "end": words, "count": row[column], "place": place}
        for row in rows
        for place, (column, (words, _)) in enumerate(_ENDS.items())
        if row[column]
    ]
    there = [end for column, end in _ENDS.items() if any(row[column] for row in rows)]
    words, colours = zip(*there, strict=True)
    colour = alt.Color(
        "end:N", sort=list(words), scale=alt.Scale(domain=list(words), range=list(colours)), title="samples that"
    )
    bars = (
        alt.Chart()
        .mark_bar(stroke="#FFFFFF")
        .encode(
            x=alt.X("count:Q", title="samples", axis=alt.Axis(format=",d", tickMinStep=1)),
            y=alt.Y("run:N", sort=runs, title=None, axis=alt.Axis(labelLimit=200)),
            color=colour,
            order=alt.Order("place:Q"),
            tooltip=told(values, ["place"]),
        )
    )
    height = 34 * len(runs) + 10
    return finished(asked, [bars], values, f"How the samples of {named(runs)} ended", height=height, own_rows=True)
