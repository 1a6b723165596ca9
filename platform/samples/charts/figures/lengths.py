"""Tokens of all, correct and wrong samples of each run, as boxes."""

from samples.charts.asked import Asked, distinct
from samples.charts.boxes import STATUSES, boxes
from samples.charts.captions import named
from samples.charts.panels import Drawn, finished


def draw(asked: Asked) -> Drawn:
    """Return the chart: boxes from the quartiles, a line at the median, whiskers from 5 to 95 %."""
    values = asked.values(needs=["q50"])
    runs = asked.palette.order(distinct(values, "run"))
    layers = boxes(asked, values, "status", "samples", STATUSES, "completion tokens")
    more = ["box: quartiles and median; whiskers: from 5 to 95 % of the samples"]
    return finished(asked, layers, values, f"Lengths of the samples of {named(runs)}", more=more)
