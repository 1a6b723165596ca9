"""How accuracy is spread over problems, what a vote and a best sample make of it, and what more samples would bring."""

from samples.report.asking import Asker
from samples.report.parts import Section

_MINUTES = 0.1  # that a vote may take: a report should not wait longer


def histogram(ask: Asker) -> Section:
    """Return the section about the accuracy of problems."""
    return Section(
        "accuracy-histogram",
        "Accuracy of the problems",
        "The accuracy of a problem is the share of its verified samples that are correct. The first bin is exactly 0, "
        "the last exactly 1.",
        (),
        [ask.ask("accuracy_histogram", "Problems by accuracy, in twelve bins")],
    )


def reliability(ask: Asker) -> Section:
    """Return the section about the chance that all samples, or a share of them, are correct."""
    return Section(
        "reliability",
        "Reliability",
        "pass^k is the chance that all of k samples are correct. G-Pass@k asks for a share tau of them. Cover@tau is "
        "the share of the problems with at least this accuracy.",
        (),
        [ask.ask("reliability", "pass^k, G-Pass@k and Cover@tau")],
    )


def selection(ask: Asker) -> Section:
    """Return the section about what can be had of k samples without knowing which is correct."""
    return Section(
        "selection",
        "Majority vote and best of k",
        "pass@k knows which sample is correct. A vote does not: the distance between the two is what selection "
        "leaves on the table. With rewards of 0 and 1, the best of k is pass@k.",
        (),
        [
            ask.ask("majority", "maj@k: a vote among k samples", minutes=_MINUTES),
            ask.ask("best_of", "max@k: the best reward among k samples"),
        ],
    )


def forecast(ask: Asker) -> Section:
    """Return the section about pass@K of more samples than there are."""
    return Section(
        "forecast",
        "Forecast of more samples",
        "The forecast continues these problems to K samples each. It starts at what was observed. Where the interval "
        "is wide, the samples that are there do not say what more would bring.",
        (),
        [ask.ask("forecast", "pass@K of more samples")],
    )


def cost(ask: Asker) -> Section:
    """Return the section about solved problems over tokens."""
    return Section(
        "cost",
        "Solved problems for equal tokens",
        "A run with longer completions pays more for each sample. Here the runs are compared at equal numbers of "
        "tokens.",
        (),
        [ask.ask("coverage_at_cost", "Share of the problems solved with a budget of tokens")],
    )
