"""Which queries have a chart, and what it shows. Nothing that draws is imported here."""

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

import samples_queries
from samples.errors import UsageError, meant

if TYPE_CHECKING:  # Altair takes a third of a second to import
    from samples.charts.asked import Asked
    from samples.charts.panels import Drawn

CHARTS = {  # the query's name, and what its chart shows
    "pass_at_k": "pass@k over k: a line and its interval for each run, and where the lead changes",
    "compare": "the paired difference in pass@k over k, with its interval and a line at zero",
    "crossing": "both curves of pass@k, and the k at which one run overtakes the other, with its interval",
    "coverage": "the share of problems that both runs solve, only one, or neither",
    "coverage_many": "how many problems each set of runs solves: bars above a matrix of the runs",
    "support": "which solved problems training kept, gained and lost, over the threshold",
    "efficiency_gap": "how far pass@1 of each trained run is from pass@K of the base",
    "accuracy_histogram": "problems by accuracy in twelve bins, runs side by side",
    "pass_at_k_by_problem": "the accuracy of each problem: one run against the other, or problems by runs",
    "bayes": "the accuracy of each run with its Bayesian interval",
    "reliability": "G-Pass@k and Cover@tau over tau: a line for each run",
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
    "tokens_by_run": "tokens that each run wrote, and tokens of its prompts",
    "answers_by_run": "how many different answers problems got, and their entropy",
    "duplicates": "the share of repeated texts of each problem, the highest first",
    "errors": "why samples have no completion or no verdict: a bar for each reason",
}
FORMS = {"pass_at_k_by_problem": ("grid",)}  # other forms of a chart


def known(name: str) -> str:
    """Return `name` if this query has a chart.

    Raises:
        UsageError: There is no such query, or it has no chart.
    """
    if name in CHARTS:
        return name
    if name in samples_queries.NAMES:
        near = [chart for chart in CHARTS if chart.partition("_")[0] == name.partition("_")[0]]
        raise UsageError(
            f"query {name} has no chart: samples query {name} prints its rows; charts: {', '.join(near or CHARTS)}"
        )
    raise UsageError(f'no chart "{name}"{meant(name, CHARTS)}: choose one of {", ".join(CHARTS)}')


def require_form(name: str, form: str | None) -> None:
    """Check that a chart has this form; None is the usual one.

    Raises:
        UsageError: It has not.
    """
    there = FORMS.get(name, ())
    if form is not None and form not in there:
        raise UsageError(f'{name}: its chart has no form "{form}"; it has {", ".join(there) or "one form only"}')


def figure(name: str) -> "Callable[[Asked], Drawn]":
    """Return the function that draws the chart of a query."""
    return import_module(f"samples.charts.figures.{name}").draw


def beside(name: str) -> tuple[str, bool] | None:
    """Return the query whose rows the chart shows too, and whether it is asked at the same k; None for most charts."""
    module = import_module(f"samples.charts.figures.{name}")
    other = getattr(module, "BESIDE", None)
    return None if other is None else (other, getattr(module, "SAME_K", True))


def defaults(name: str) -> dict[str, Any]:
    """Return the parameters with which the chart asks its query, where they are not given."""
    return dict(getattr(import_module(f"samples.charts.figures.{name}"), "DEFAULTS", {}))
