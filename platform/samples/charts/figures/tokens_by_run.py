"""Tokens that each run wrote, and those of its prompts, counted once for each sample."""

from typing import Any

import altair as alt

from samples.charts.asked import Asked, distinct
from samples.charts.captions import named
from samples.charts.panels import Drawn, finished, tooltips

_KINDS = {"tokens": ("completion tokens", "#4D4D4D"), "prompt_tokens": ("prompt tokens", "#C4C4C4")}
_ROW = 30  # pixels


def draw(asked: Asked) -> Drawn:
    """Return the chart."""
    rows = asked.values(needs=["tokens"])
    unknown = [row["run"] for row in asked.rows if row["tokens"] is None]
    runs = asked.palette.order(distinct(rows, "run"))
    values: list[dict[str, Any]] = [
        {**row, "kind": words, "count": row[column], "place": place}
        for row in rows
        for place, (column, (words, _)) in enumerate(_KINDS.items())
        if row[column] is not None
    ]
    there = distinct(values, "kind")
    words, colours = zip(*(kind for kind in _KINDS.values() if kind[0] in there), strict=True)
    colour = alt.Color("kind:N", sort=list(words), scale=alt.Scale(domain=list(words), range=list(colours)), title=None)
    bars = alt.Chart().mark_bar(stroke="#FFFFFF")
    bars = bars.encode(
        x=alt.X("count:Q", title="tokens", axis=alt.Axis(format="~s")),
        y=alt.Y("run:N", sort=runs, title=None, axis=alt.Axis(labelLimit=200)),
        color=colour,
        order=alt.Order("place:Q"),
        tooltip=tooltips(values),
    )
    missing = [row["run"] for row in rows if row["prompt_tokens"] is None]
    more = [f"prompts are not stored, or not all: {named(missing)}"] if missing else []
    more += [f"no tokens are known: {named(unknown)}"] if unknown else []
    title = f"Tokens of {named(runs)}"
    return finished(asked, [bars], values, title, more=more, height=_ROW * len(runs) + 10, own_rows=True)
