"""The entropy of each run per token, with its interval, and the bounds that stored top log-probs give."""

import altair as alt

from samples.charts.asked import Asked, distinct
from samples.charts.captions import named
from samples.charts.forest import height, intervals, names
from samples.charts.panels import Drawn, finished

_BOUNDS = "#C9C9C9"


def draw(asked: Asked) -> Drawn:
    """Return the chart of the entropy per token; that per completion stands in the tooltips."""
    rows = asked.values(needs=["entropy"])
    whole = {asked.place(row): row["entropy"] for row in rows if row["per"] == "completion"}
    values = [{**row, "per_completion": whole.get(asked.place(row))} for row in rows if row["per"] == "token"]
    runs = asked.palette.order(distinct(values, "run"))
    title = "entropy (nats per token)"
    layers = intervals(asked, values, "entropy", title)
    more = ["point: estimate from the samples; bar: 95 % interval over problems"]
    if distinct(values, "entropy_least"):
        bounds = alt.Chart().mark_bar(color=_BOUNDS, size=14)
        bounds = bounds.encode(y=names("run", runs), x=alt.X("entropy_least:Q", title=title), x2="entropy_most:Q")
        layers = [bounds, *layers]
        more.append("grey: between the bounds that the stored top log-probs give")
    about = f"Entropy of the samples of {named(runs)}"
    return finished(asked, layers, values, about, more=more, height=height(runs), own_rows=True)
