"""The best reward of k samples beside pass@k of the same samples."""

from samples.charts.asked import Asked
from samples.charts.beside import two_curves
from samples.charts.panels import Drawn

BESIDE = "pass_at_k"


def draw(asked: Asked) -> Drawn:
    """Return the chart."""
    return two_curves(asked, "max_at_k", "max@k", "max@k (reward) and pass@k")
