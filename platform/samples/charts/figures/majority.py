"""maj@k beside pass@k of the same samples: what a vote leaves on the table."""

from samples.charts.asked import Asked
from samples.charts.beside import two_curves
from samples.charts.panels import Drawn

BESIDE = "pass_at_k"


def draw(asked: Asked) -> Drawn:
    """Return the chart."""
    return two_curves(asked, "maj_at_k", "maj@k", "chance of a correct answer")
