"""The paired difference in pass@k of two runs over k, with its interval, and a line at zero."""

import altair as alt

from samples.charts.asked import Asked, distinct
from samples.charts.captions import named
from samples.charts.curves import bars, thinned
from samples.charts.palette import GREY
from samples.charts.panels import Drawn, doublings, finished, tooltips

_LINE, _UNCLEAR = "#000000", "#FFFFFF"


def draw(asked: Asked) -> Drawn:
    """Return the chart. Points are filled where the interval leaves out zero."""
    values, fewer = thinned(asked.values(needs=["difference"]))
    a, b = distinct(values, "a"), distinct(values, "b")
    for row in values:
        low, high = row["low"], row["high"]
        row["told_from_0"] = "yes" if low is not None and high is not None and (low > 0 or high < 0) else "no"
    x = doublings(values, "k", "k (samples per problem)")
    title = f"pass@k of {named(a)} minus pass@k of {named(b)}"
    y = alt.Y("difference:Q", title="difference in pass@k")
    zero = alt.Chart().mark_rule(color=GREY).encode(y=alt.YDatum(0))
    band = (
        alt.Chart()
        .mark_area(opacity=0.2, color=GREY)
        .encode(x=x, y=alt.Y("low:Q", title="difference in pass@k"), y2="high:Q")
    )
    line = alt.Chart().mark_line(color=_LINE, strokeWidth=2).encode(x=x, y=y)
    points = (
        alt.Chart()
        .mark_point(size=42, stroke=_LINE, opacity=1, fillOpacity=1)
        .encode(
            x=x,
            y=y,
            fill=alt.Fill(
                "told_from_0:N",
                scale=alt.Scale(domain=["yes", "no"], range=[_LINE, _UNCLEAR]),
                title="interval leaves out 0",
            ),
            tooltip=tooltips(values),
        )
    )
    bar = bars(asked, values, x, "difference in pass@k", alt.value(_LINE), ())
    more = [f"above 0, {named(a)} is ahead; below 0, {named(b)} is ahead", *fewer]
    return finished(asked, [zero, band, *bar, line, points], values, title, more=more)
