"""pass@K of the base minus pass@1 of each trained run, with its interval, in the order of algorithm and step."""

import altair as alt

from samples.charts.asked import Asked, distinct
from samples.charts.captions import PART, SHARED, named
from samples.charts.dots import dots, height
from samples.charts.palette import GREY
from samples.charts.panels import Drawn, finished

_TITLE = "gap: pass@K of the base minus pass@1 of the run"


def draw(asked: Asked) -> Drawn:
    """Return the chart: a panel for each K."""
    values = asked.values("labels", needs=["gap"])
    ks = distinct(values, "k")
    for row in values:
        labels = dict(row.pop("labels") or {})
        row |= {key: labels[key] for key in ("algorithm", "step") if key in labels}
        if len(ks) > 1:
            row[PART] = f"K = {row['k']:,}"
    runs = distinct(values, "run")
    layers = dots(asked, values, "gap", _TITLE, runs)
    zero = alt.Chart().mark_rule(color=GREY).encode(x=alt.XDatum(0))
    (base,) = distinct(values, "base")
    at = f"pass@{ks[0]:,}" if len(ks) == 1 else "pass@K"
    more = [f"left of 0 a run beats {at} of {named([base])} with one sample; bar: 95 % interval"]
    title = f"Sampling-efficiency gap: {at} of {named([base])} minus pass@1 of {named(runs)}"
    return finished(asked, [zero, *layers], values, title, more=more, shared=SHARED, height=height(runs))
