"""entropy: how uncertain each run's model is, estimated as -mean log p over its own samples (Monte Carlo).

group    likelihood
params   runs: runs
reads    runs, samples
takes    by
grain    run, per
columns  run, dataset, of, per, problems, samples, unknown, cut, entropy, low, high
means    of: what the entropy is of: model (the run's model), sampling (the distribution that samples were drawn from),
           neither (no entropy) or unknown
         per: completion, or token: the mean entropy of a completion divided by the mean number of tokens
         problems: problems with a sample whose log-prob is known
         samples: samples whose log-prob and number of tokens are known
         unknown: samples that failed, or whose log-prob or number of tokens is unknown or not finite
         cut: samples of these that ended at max_tokens or max_model_len
         entropy: mean of -log p over the run's samples, in nats
         low: lower end of the 95 % interval over problems of this kind; NULL for one problem
         high: upper end of the 95 % interval
example  samples query entropy --runs base-7b,rl-7b

The figure is an estimate from samples, not a sum over the vocabulary: each sample gives -log p(y), and the mean over
the samples of a distribution is unbiased for its entropy. It is averaged over a problem's samples, then over problems.
Per token it is the mean over completions divided by the mean number of tokens.

Raw log-probs of samples at another temperature than 1 give a cross entropy, and no entropy: `of` is neither then. A
completion that was cut counts up to the cut. `divergence` explains more.
"""

from itertools import groupby
from operator import itemgetter
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from samples_queries import Answer, Unanswerable
from samples_queries.divergence import cut_notes
from samples_queries.drawn_from import drawn_from, notes
from samples_queries.groups import rows
from samples_queries.problem_means import mean_of, ratio_of

_SQL = """
WITH known AS (
    SELECT
        *,
        CASE WHEN error IS NULL AND tokens IS NOT NULL AND abs(cumulative_logprob) < 1e12 THEN cumulative_logprob END
            AS logprob
    FROM samples
    WHERE list_contains($runs, run)
)
SELECT
    run, dataset, problem_id, count(*) AS drawn, count(logprob) AS samples,
    count(logprob) FILTER (finish_reason = 'length') AS cut,
    avg((-logprob)::DECIMAL(38, 20))::DOUBLE AS entropy,
    avg(tokens) FILTER (logprob IS NOT NULL) AS tokens
FROM known
GROUP BY ALL
ORDER BY run, problem_id
"""
_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("run", "dataset", "of", "per")),
        *((name, pa.int64()) for name in ("problems", "samples", "unknown", "cut")),
        *((name, pa.float64()) for name in ("entropy", "low", "high")),
    ]
)


def answer(connection: duckdb.DuckDBPyConnection, *, runs: list[str]) -> Answer:
    """Return two rows for each run with a known log-prob: per completion and per token.

    Raises:
        Unanswerable: No sample has a known log-prob.
    """
    drawn = drawn_from(connection, runs)
    found: list[dict[str, Any]] = []
    for run, of_run in groupby(rows(connection, _SQL, runs=runs), itemgetter("run")):
        problems = list(of_run)
        known = [one for one in problems if one["samples"]]
        if not known:
            continue
        counts = {name: sum(one[name] for one in problems) for name in ("drawn", "samples", "cut")}
        same = {"run": run, "dataset": known[0]["dataset"], "of": drawn[run].of, "problems": len(known)}
        same |= {"samples": counts["samples"], "unknown": counts["drawn"] - counts["samples"], "cut": counts["cut"]}
        entropies, tokens = (np.array([one[name] for one in known], np.float64) for name in ("entropy", "tokens"))
        for per, estimate in (("completion", mean_of(entropies)), ("token", ratio_of(entropies, tokens))):
            ends = {"entropy": estimate.value, "low": estimate.low, "high": estimate.high}
            found.append({**same, "per": per, **ends})
    if not found:
        raise Unanswerable(f"no sample of {', '.join(runs)} has stored log-probs")
    there = {row["run"] for row in found}
    said = notes("entropy", {run: one for run, one in drawn.items() if run in there})
    return Answer(pa.Table.from_pylist(found, schema=_SCHEMA), [*said, *cut_notes(found)])
