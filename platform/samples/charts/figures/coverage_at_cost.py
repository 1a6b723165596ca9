"""The share of problems solved over the tokens drawn for each: a line and its interval for each run."""

from samples.charts.asked import Asked, distinct
from samples.charts.captions import named
from samples.charts.curves import curves, hidden
from samples.charts.panels import Drawn, doublings, finished


def draw(asked: Asked) -> Drawn:
    """Return the chart."""
    values = asked.values(needs=["coverage"])
    runs = asked.palette.order(distinct(values, "run"))
    x = doublings(values, "budget", "completion tokens per problem")
    layers = curves(asked, values, x, "coverage", "share of the problems solved")
    return finished(
        asked, layers, values, f"Problems solved by {named(runs)} for equal numbers of tokens", more=hidden(values)
    )
