"""The share of each run's samples that a scorer finds as likely as its own, with its interval."""

import altair as alt

from samples.charts.asked import Asked, distinct
from samples.charts.captions import named
from samples.charts.forest import height, intervals
from samples.charts.palette import GREY
from samples.charts.panels import Drawn, finished


def draw(asked: Asked) -> Drawn:
    """Return the chart; the log ratios stand in the tooltips."""
    values = asked.values(needs=["share_as_likely"])
    runs, (scorer, *_) = asked.palette.order(distinct(values, "run")), distinct(values, "scorer")
    half = alt.Chart().mark_rule(color=GREY, strokeDash=[4, 4]).encode(x=alt.XDatum(0.5))
    said = f"share of the samples that {named([scorer])} finds as likely as its own"
    layers = intervals(asked, values, "share_as_likely", said, scale=alt.Scale(domain=[0, 1]), form="%")
    more = ["of samples that the scorer could have drawn, about half are as likely", "bar: 95 % interval over problems"]
    title = f"Samples of {named(runs)} that {named([scorer])} finds likely"
    return finished(asked, [half, *layers], values, title, more=more, height=height(runs), own_rows=True)
