"""divergence: how far a run's answers are from a scorer: an estimate of KL(run || scorer) from the run's samples.

group    likelihood
formula  divergence = mean of log p_run(y) - log p_scorer(y) over samples y
         k3 = mean of r - 1 - log r, with r = p_scorer(y) / p_run(y)
params   runs: runs, scorer: scorer
reads    runs, samples, likelihoods
takes    by
grain    run, per
columns  run, dataset, scorer, of, per, problems, samples, unknown, cut, divergence, low, high, k3
means    of: what the divergence is of: model (the run's model), sampling (the distribution that samples were drawn
           from), neither (no KL divergence) or unknown
         per: completion, or token: a completion's divergence divided by its tokens, as means over problems
         problems: problems with a sample of which both log-probs are known
         samples: samples of which both log-probs are known
         unknown: samples that were scored, but as other tokens, or with a log-prob that is unknown or not finite
         cut: samples of these that ended at max_tokens or max_model_len
         divergence: mean of log p_run - log p_scorer, in nats
         low: lower end of the 95 % interval over problems of this kind; NULL for one problem
         high: upper end of the 95 % interval
         k3: mean of r - 1 - log r, with r = p_scorer / p_run of a completion; NULL per token, where `of` is neither
           or unknown, and where tokens were truncated
example  samples query divergence --runs rl-7b --scorer base-7b

Each sample of the run gives one estimate, log p_run(y) - log p_scorer(y). Its mean over a problem's samples, averaged
over problems, is an unbiased estimate of the KL divergence of the distribution that the samples were drawn from, if
log p_run is its log-prob. It can be negative by chance. Per token it is the mean divergence divided by the mean number
of tokens, each over problems: the divergence of an average token, not the mean of the completions' own ratios.

Which distribution that is, `of` says. Raw log-probs are those of the model. Samples at temperature 1 without truncation
and penalties are drawn from it. Samples at temperature 0.6 are not: the mean over them is the expected log-ratio on
such samples, and no KL divergence. Processed log-probs are those of the distribution that samples were drawn from: the
divergence is then of the sampling distribution from the scorer's own, at temperature 1.

A completion that was cut counts up to the cut, so that the divergence of whole completions is larger where some were
cut. Where only some samples were scored, the figures are of these: they are biased if verdicts chose them.

k3 (Schulman 2020, Approximating KL divergence) estimates the same KL without negative terms. Its terms vary less while
the two are close. Over whole completions that are far apart, few samples with a large r decide it. Where truncation
left out tokens, it is smaller than the KL by the scorer's share of these tokens, so it is not given.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from samples_queries import Answer
from samples_queries.drawn_from import Drawn, drawn_from, notes
from samples_queries.groups import rows
from samples_queries.log_ratios import COUNTS, LOG_RATIOS, lacking
from samples_queries.problem_means import mean_of, ratio_of

_LARGEST = 1e9  # of a k3: beyond it, one sample decides the mean

# exp(x) - 1 - x loses digits near 0; its series does not.
_SQL = f"""
WITH ratios AS ({LOG_RATIOS}), terms AS (
    SELECT
        *,
        CASE
            WHEN abs(log_ratio) < .01
            THEN log_ratio * log_ratio / 2
                * (1 + log_ratio / 3 * (1 + log_ratio / 4 * (1 + log_ratio / 5 * (1 + log_ratio / 6))))
            ELSE exp(log_ratio) - 1 - log_ratio
        END AS k3
    FROM ratios
)
SELECT
    run, dataset, problem_id, {COUNTS},
    count(log_ratio) FILTER (finish_reason = 'length') AS cut,
    avg((-log_ratio)::DECIMAL(38, 20))::DOUBLE AS divergence,
    avg(tokens) FILTER (log_ratio IS NOT NULL) AS tokens,
    CASE WHEN max(k3) < {_LARGEST} THEN avg(CASE WHEN k3 < {_LARGEST} THEN k3::DECIMAL(38, 20) END)::DOUBLE END AS k3
FROM terms
GROUP BY ALL
ORDER BY run, problem_id
"""  # noqa: S608 - SQL of our own


def answer(connection: duckdb.DuckDBPyConnection, *, runs: list[str], scorer: str) -> Answer:
    """Return two rows for each run: per completion and per token.

    Raises:
        Unanswerable: No sample of any run has both log-probs.
    """
    problems = rows(connection, _SQL, runs=runs, scorer=scorer)
    said = lacking(problems, scorer)
    drawn = drawn_from(connection, runs)
    found: list[dict[str, Any]] = []
    for run, own in groupby(problems, itemgetter("run")):
        found += _of_run(run, scorer, list(own), drawn[run])
    schema = pa.schema([*_FIRST, *_FIGURES])
    there = {row["run"] for row in found}
    said += notes("KL divergence", {run: one for run, one in drawn.items() if run in there})
    return Answer(pa.Table.from_pylist(found, schema=schema), [*said, *cut_notes(found)])


_FIRST = [(name, pa.string()) for name in ("run", "dataset", "scorer", "of", "per")]
_FIGURES = [
    *((name, pa.int64()) for name in ("problems", "samples", "unknown", "cut")),
    *((name, pa.float64()) for name in ("divergence", "low", "high", "k3")),
]


def _of_run(run: str, scorer: str, problems: Sequence[Mapping[str, Any]], drawn: Drawn) -> list[dict[str, Any]]:
    known = [problem for problem in problems if problem["samples"]]
    if not known:
        return []
    divergences, tokens = (np.array([one[name] for one in known], np.float64) for name in ("divergence", "tokens"))
    k3s = [one["k3"] for one in known]
    sound = drawn.is_density and not drawn.truncated and None not in k3s
    counts = {name: sum(one[name] for one in problems) for name in ("scored", "samples", "cut")}
    same = {"run": run, "dataset": known[0]["dataset"], "scorer": scorer, "of": drawn.of, "problems": len(known)}
    same |= {"samples": counts["samples"], "unknown": counts["scored"] - counts["samples"], "cut": counts["cut"]}
    k3 = mean_of(np.array(k3s, np.float64)).value if sound else None
    found: list[dict[str, Any]] = []
    for per, estimate in (("completion", mean_of(divergences)), ("token", ratio_of(divergences, tokens))):
        ends = {"divergence": estimate.value, "low": estimate.low, "high": estimate.high}
        found.append({**same, "per": per, **ends, "k3": k3 if per == "completion" else None})
    return found


def cut_notes(found: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say of which runs samples were cut. `found` has rows with run, samples and cut."""
    cut = {row["run"]: row for row in found if row["cut"]}
    return [
        f"{row['cut']:,} of {row['samples']:,} samples of {run} were cut at the length limit: they count up to the cut"
        for run, row in cut.items()
    ]
