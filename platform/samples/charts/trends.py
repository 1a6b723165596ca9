"""What charts show over a label of runs, such as step. Nothing that draws is imported here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import samples_queries
from samples.errors import UsageError

_PAIR = ("a", "b")


class Measure(NamedTuple):
    """A column that is drawn, what it is called, and the columns of the ends of its band."""

    column: str
    words: str
    low: str | None = "low"
    high: str | None = "high"


@dataclass(frozen=True)
class Trend:
    """What the chart of a query shows over a label.

    `title` has places for the `runs` and for the run A or base that they are compared with. Each measure is a line.
    With `lines`, so is each value of this column. Only the rows with the values of `only` are drawn, those with a
    value of `without` are not, and of `one` only the rows with the value that the function chooses of those there are.
    `joined` says whether points are joined.
    `no_value` says what it means that a measure is NULL.
    """

    title: str
    measures: tuple[Measure, ...]
    axis: str
    lines: str | None = None
    only: Mapping[str, Any] = field(default_factory=dict[str, Any])
    without: Mapping[str, Any] = field(default_factory=dict[str, Any])
    one: tuple[str, Callable[..., Any]] | None = None
    joined: bool = True
    doublings: bool = False
    log: bool = False
    percent: bool = False
    no_value: str = "not known"


def _one(title: str, column: str, axis: str, *ends: str | None, **more: Any) -> Trend:
    """Return what a chart with one measure shows."""
    return Trend(title, (Measure(column, axis, *ends),), axis, **more)


TRENDS = {
    "pass_at_k": _one("pass@k of {runs}", "pass_at_k", "pass@k", lines="k"),
    "majority": _one("maj@k of {runs}", "maj_at_k", "maj@k", lines="k"),
    "best_of": _one("max@k of {runs}", "max_at_k", "max@k (reward)", lines="k"),
    "forecast": _one("Forecast of pass@k of {runs}", "pass_at_k", "forecast of pass@k", lines="k"),
    "reliability": _one("G-Pass@k of {runs}", "g_pass_at_k", "G-Pass@k", None, None, lines="tau", one=("k", max)),
    "bayes": _one("Accuracy of {runs}", "mean", "accuracy (posterior mean)"),
    "coverage_at_cost": _one(
        "Problems solved by {runs} for equal numbers of tokens",
        "coverage",
        "share of the problems solved",
        lines="budget",
        percent=True,
    ),
    "efficiency_gap": _one(
        "Sampling-efficiency gap of {runs} to {base}", "gap", "gap: pass@K of the base minus pass@1", lines="k"
    ),
    "compare": _one("pass@k of {base} minus pass@k of {runs}", "difference", "difference in pass@k", lines="k"),
    "coverage": _one(
        "Problems solved by {base} and {runs}",
        "share",
        "share of the problems",
        None,
        None,
        lines="outcome",
        percent=True,
    ),
    "support": Trend(
        "Solved problems kept, gained and lost from {base} to {runs}",
        (
            Measure("srr", "SRR: solved problems kept", None, None),
            Measure("ndr", "NDR: solved problems that are new", None, None),
            Measure("sds", "SDS: harmonic mean of both", None, None),
            Measure("nscr", "NSCR: gained minus lost", None, None),
        ),
        "rate",
        one=("threshold", min),
        no_value="a rate of nothing",
    ),
    "crossing": _one(
        "Where pass@k of {base} and of {runs} cross",
        "k",
        "k at which the lead changes",
        doublings=True,
        joined=False,
        no_value="no crossing",
    ),
    "lengths": _one(
        "Lengths of the samples of {runs}",
        "q50",
        "completion tokens (median; band: quartiles)",
        "q25",
        "q75",
        lines="status",
    ),
    "truncation": _one(
        "Truncation of the samples of {runs}",
        "share_cut",
        "share of the samples cut at the limit",
        None,
        None,
        percent=True,
    ),
    "tokens_by_run": _one(
        "Tokens of the samples of {runs}", "mean", "completion tokens of a sample (mean)", None, None
    ),
    "answers_by_run": _one(
        "How varied the answers of {runs} are", "entropy", "entropy of a problem's answers (nats)", None, None
    ),
    "perplexity_by_run": _one(
        "Perplexity of the samples of {runs}", "perplexity", "perplexity", None, None, lines="status", log=True
    ),
    "perplexity_by_verdict": _one(
        "Log perplexity of the samples of {runs} by verdict",
        "difference",
        "log perplexity minus that of correct samples",
        lines="status",
        without={"status": "correct"},  # which the others are compared with
        no_value="not paired",
    ),
    "divergence": _one(
        "Divergence of {runs} from {base}", "divergence", "divergence (nats per completion)", only={"per": "completion"}
    ),
    "likelihood_ratio_by_run": _one(
        "Samples of {runs} that {base} finds as likely as its own",
        "share_as_likely",
        "share of the samples as likely",
        percent=True,
    ),
    "entropy": _one("Entropy of {runs}", "entropy", "entropy (nats per token)", only={"per": "token"}),
}


def trend(name: str, charts: Mapping[str, str]) -> Trend:
    """Return what the chart `name` of these `charts` shows over a label.

    Raises:
        UsageError: Over a label, it would say nothing.
    """
    if name in TRENDS:
        return TRENDS[name]
    there = ", ".join(one for one in TRENDS if one in charts)
    raise UsageError(f"{name}: --x makes no sense, for its chart is not of one number of a run; it does for {there}")


def is_about_pairs(name: str) -> bool:
    """Return whether a query is about run A and run B, and nothing more."""
    return tuple(p.name for p in samples_queries.header(name).params if p.kind in {"run", "runs"}) == _PAIR
