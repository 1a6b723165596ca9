"""entropy: how uncertain each run's model is, estimated as -mean log p over its own samples (Monte Carlo).

group    likelihood
formula  entropy = mean over problems of the mean over samples y of -log p(y)
params   runs: runs
reads    runs, samples, own_top_logprobs
takes    by
grain    run, per
columns  run, dataset, of, per, problems, samples, unknown, cut, entropy, low, high, entropy_least, entropy_most,
         entropy_top, mass_left, top_samples, top_n
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
         entropy_least: lower bound of the entropy of the next token; NULL where no sample has top log-probs, as are
           the columns after it
         entropy_most: upper bound of it
         entropy_top: what the stored tokens add to the entropy of the next token: -p log p, in nats
         mass_left: mean probability, at a position, of the tokens that are not stored
         top_samples: samples whose most likely tokens at each position are stored (--top-logprobs); 0 without any
         top_n: tokens stored at each position; the fewest, where they differ
example  samples query entropy --runs base-7b,rl-7b

The figure `entropy` is an estimate from samples, not a sum over the vocabulary: each sample gives -log p(y), and the
mean over the samples of a distribution is unbiased for its entropy. It is averaged over a problem's samples, then over
problems. Per token it is the mean over completions divided by the mean number of tokens.

The last columns are sums over the vocabulary, as far as it is stored. At each position of a sample the next token has
an entropy H = -sum p log p. The N stored tokens give their part of the sum, entropy_top. They leave over a probability
m, mass_left, whose part of H lies between two bounds. It is at least -m log min(m, p_N), as no other token is likelier
than the least likely stored one, p_N. It is at most m log((V - N) / m), the value if the V - N other tokens of the
vocabulary are equally likely. So entropy_least <= H <= entropy_most. All are summed over a sample's positions, then
averaged as `entropy` is. Where `of` is model or sampling, the sum of H over positions has the same mean as -log p(y),
and varies less: the bounds hold the entropy that `entropy` estimates, but for chance. Where `of` is neither, they are
of the model's next tokens on the texts of the run. They are of the samples with stored tokens alone; --top-logprobs
acts on the samples that are drawn with it.

Raw log-probs of samples at another temperature than 1 give a cross entropy, and no entropy: `of` is neither then. A
completion that was cut counts up to the cut. `divergence` explains more.
"""

from collections.abc import Mapping, Sequence
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
# The sums of a sample are stored, so that no list is read.
_TOP_SQL = """
SELECT
    run, problem_id, count(*) AS samples, min(n) AS n, avg(positions) AS positions,
    avg(top_entropy::DECIMAL(38, 20))::DOUBLE AS entropy_top,
    avg(entropy_least::DECIMAL(38, 20))::DOUBLE AS entropy_least,
    avg(entropy_most::DECIMAL(38, 20))::DOUBLE AS entropy_most,
    avg(mass_left::DECIMAL(38, 20))::DOUBLE AS mass_left
FROM own_top_logprobs
WHERE list_contains($runs, run) AND isfinite(entropy_most)
GROUP BY ALL
ORDER BY run, problem_id
"""
_OF_TOP = ("entropy_top", "entropy_least", "entropy_most")
_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("run", "dataset", "of", "per")),
        *((name, pa.int64()) for name in ("problems", "samples", "unknown", "cut")),
        *((name, pa.float64()) for name in ("entropy", "low", "high")),
        *((name, pa.float64()) for name in ("entropy_least", "entropy_most", "entropy_top", "mass_left")),
        *((name, pa.int64()) for name in ("top_samples", "top_n")),
    ]
)


def answer(connection: duckdb.DuckDBPyConnection, *, runs: list[str]) -> Answer:
    """Return two rows for each run with a known log-prob: per completion and per token.

    Raises:
        Unanswerable: No sample has a known log-prob.
    """
    drawn = drawn_from(connection, runs)
    tops = {run: list(own) for run, own in groupby(rows(connection, _TOP_SQL, runs=runs), itemgetter("run"))}
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
            found.append({**same, "per": per, **ends, **_of_top(tops.get(run, []), per)})
    if not found:
        raise Unanswerable(f"no sample of {', '.join(runs)} has stored log-probs")
    there = {row["run"] for row in found}
    said = notes("entropy", {run: one for run, one in drawn.items() if run in there})
    return Answer(pa.Table.from_pylist(found, schema=_SCHEMA), [*said, *cut_notes(found), *_top_notes(found)])


def _of_top(problems: Sequence[Mapping[str, Any]], per: str) -> dict[str, Any]:
    """Return the columns about the most likely tokens, from a run's problems with samples that have them."""
    if not problems:
        return {"top_samples": 0}
    values = {name: np.array([one[name] for one in problems], np.float64) for name in (*_OF_TOP, "mass_left")}
    positions = np.array([one["positions"] for one in problems], np.float64)
    by = positions if per == "token" else np.ones(len(problems))
    counts = {"top_samples": sum(one["samples"] for one in problems), "top_n": min(one["n"] for one in problems)}
    means = {name: ratio_of(values[name], by).value for name in _OF_TOP}
    return {**counts, **means, "mass_left": ratio_of(values["mass_left"], positions).value}


def _top_notes(found: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say of which runs only some samples have their most likely tokens."""
    some = {row["run"]: row for row in found if 0 < row["top_samples"] < row["samples"]}
    return [
        f"{row['top_samples']:,} of {row['samples']:,} samples of {run} have stored top log-probs: entropy_top, its "
        "bounds and mass_left are of these"
        for run, row in some.items()
    ]
