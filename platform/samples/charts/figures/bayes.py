"""The accuracy of each run with the interval that holds it with 95 % probability, on these problems."""

from samples.charts.asked import Asked, distinct
from samples.charts.captions import named
from samples.charts.dots import dots, height
from samples.charts.panels import Drawn, finished


def draw(asked: Asked) -> Drawn:
    """Return the chart."""
    values = asked.values(needs=["mean"])
    runs = asked.palette.order(distinct(values, "run"))
    layers = dots(asked, values, "mean", "accuracy (posterior mean, uniform prior of each problem)", runs)
    title = f"Accuracy of {named(runs)}, and how well it is known"
    more = ["bar: 95 % interval of the accuracy on these problems; other problems may turn out otherwise"]
    return finished(asked, layers, values, title, more=more, height=height(runs), own_rows=True)
