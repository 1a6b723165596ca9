"""How many different answers a problem got, the entropy of its answers, and the share of the commonest."""

from samples.charts.asked import Asked, distinct
from samples.charts.captions import PART, named
from samples.charts.dots import dots, height
from samples.charts.panels import Drawn, finished

_MEASURES = {
    "distinct_answers": "different answers to a problem",
    "entropy": "entropy of a problem's answers (nats)",
    "top_share": "share of the commonest answer",
}


def draw(asked: Asked) -> Drawn:
    """Return the chart: a panel for each of the three means over problems."""
    rows = asked.values(needs=["entropy"])
    values = [{**row, "value": row[column], PART: words} for column, words in _MEASURES.items() for row in rows]
    runs = asked.palette.order(distinct(rows, "run"))
    layers = dots(asked, values, "value", "mean over the problems with an answer", runs)
    title = f"How varied the answers of {named(runs)} are"
    return finished(asked, layers, values, title, height=height(runs), own_columns=True)
