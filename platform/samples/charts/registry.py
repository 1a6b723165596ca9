"""Which queries have a chart, and what it shows. Nothing that draws is imported here."""

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

import samples_queries
from samples.errors import UsageError, meant

if TYPE_CHECKING:  # Altair takes a third of a second to import
    from samples.charts.asked import Asked
    from samples.charts.panels import Drawn

CHARTS = {  # the query's name, and what its chart shows
    "pass_at_k": "pass@k over k: a line and its interval for each run",
    "compare": "the paired difference in pass@k over k, with its interval and a line at zero",
    "coverage": "the share of problems that both runs solve, only one, or neither",
    "accuracy_histogram": "problems by accuracy in twelve bins, runs side by side",
    "pass_at_k_by_problem": "the accuracy of each problem: one run against the other",
    "coverage_at_cost": "solved problems over the tokens drawn: a line for each run",
    "forecast": "pass@K of more samples: observed until n, then forecast with its interval",
    "power_law": "-log pass@k over k on log-log axes, with the line of a power law",
    "majority": "maj@k beside pass@k: what a vote leaves on the table",
    "best_of": "the best reward of k samples beside pass@k",
    "perplexity_by_run": "perplexities over problems as boxes: Base(Base), Base(RL), RL(RL)",
    "perplexity_distribution": "perplexities of the samples of each problem, as boxes",
    "perplexity_by_step": "perplexity over training steps, or over another label of runs",
    "perplexity_by_verdict": "how much likelier correct samples are than others of a problem",
    "perplexity_by_support": "perplexity where both runs solve a problem, only one, or neither",
    "likelihood_ratio_by_run": "the share of samples that a scorer finds as likely as its own",
    "divergence": "the divergence of each run from the scorer, with its interval",
    "entropy": "the entropy of each run per token, with its interval and bounds",
    "surprising_tokens": "tokens whose log-probs differ most between two scorers",
    "lengths": "tokens of all, correct and wrong samples of each run, as boxes",
    "truncation": "samples that stopped, were cut, or failed: a bar for each run",
    "verifier_agreement": "how often two verifiers agree: a row for each run",
    "verdict_transitions": "samples from which verdict to which: a matrix for each run",
}


def known(name: str) -> str:
    """Return `name` if this query has a chart.

    Raises:
        UsageError: There is no such query, or it has no chart.
    """
    if name in CHARTS:
        return name
    if name in samples_queries.NAMES:
        raise UsageError(
            f"query {name} has no chart: samples query {name} prints its rows; charts: {', '.join(CHARTS)}"
        )
    raise UsageError(f'no chart "{name}"{meant(name, CHARTS)}: choose one of {", ".join(CHARTS)}')


def figure(name: str) -> "Callable[[Asked], Drawn]":
    """Return the function that draws the chart of a query."""
    return import_module(f"samples.charts.figures.{name}").draw


def beside(name: str) -> tuple[str, bool] | None:
    """Return the query whose rows the chart shows too, and whether it is asked at the same k; None for most charts."""
    module = import_module(f"samples.charts.figures.{name}")
    other = getattr(module, "BESIDE", None)
    return None if other is None else (other, getattr(module, "SAME_K", True))
