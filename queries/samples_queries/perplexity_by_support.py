"""perplexity_by_support: perplexity on the problems that both of two runs solve, only one, or neither (Wu et al. 2025).

group    likelihood
params   a: run, b: run, verifier: verifier, runs: runs, threshold: int = 1, scorer: scorer = none
reads    runs, verified, judged_perplexities, only_verifier
scored   scored_perplexities
grain    run, outcome, token_mode, status
columns  a, b, run, dataset, scorer, token_mode, verifier, outcome, status, problems, samples, unknown, perplexity,
         low, high, mean_log, bits_per_byte
means    runs: whose samples are asked about; a and b, and foreign traces; without it all runs
         outcome: which of a and b solve the problem: both, only_a, only_b or neither
         problems: problems with this outcome that have a sample of this status with a known perplexity
         samples: samples of this status on these problems with a known perplexity
         unknown: samples of this status on problems with this outcome without one
         perplexity: mean over these problems of the median perplexity of the problem's samples
         low: lower end of the 95 % interval of perplexity, over problems of this kind; NULL for one problem
         high: upper end of the 95 % interval of perplexity
         mean_log: mean over these problems of the mean log perplexity (natural log) of the problem's samples
         bits_per_byte: mean over these problems of the median bits per byte; NULL when no bytes are known
example  samples query perplexity_by_support --a base --b rl --scorer base

arXiv:2507.14843 asks how likely the base finds answers to problems that training kept (both), gained (only_b) or lost
(only_a), and to those that neither run solves. `coverage` lists the problems of each outcome. A run that was sampled
more often solves more problems by chance: `coverage` has the numbers. Problems of which a run saw another version than
a and b are left out.
"""

from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from samples_queries import Answer, Unanswerable
from samples_queries.groups import rows
from samples_queries.outcomes import outcomes
from samples_queries.problem_means import mean_of

_CLASSES = """
CREATE OR REPLACE TEMP TABLE classes AS
WITH versions AS (
    SELECT run, dataset, unnest(map_keys(problem_hashes)) AS problem_id, unnest(map_values(problem_hashes)) AS version
    FROM runs
), solved AS (
    SELECT unnest($problems) AS problem_id, unnest($outcomes) AS outcome
)
SELECT asked.run, problem_id, outcome
FROM solved
JOIN versions AS base USING (problem_id)
JOIN versions AS asked USING (dataset, problem_id, version)
WHERE base.run = $a AND list_contains($runs, asked.run)
"""
_SQL = """
WITH per_problem AS (
    SELECT
        run, dataset, problem_id, outcome, token_mode, coalesce(verdict, 'all') AS status,
        count(log_perplexity) AS samples,
        count(*) - count(log_perplexity) AS unknown,
        median(exp(log_perplexity)) AS middle,
        avg(log_perplexity::DECIMAL(38, 20))::DOUBLE AS mean_log,
        median(bits_per_byte) AS bits
    FROM judged_perplexities JOIN classes USING (run, problem_id)
    GROUP BY GROUPING SETS (
        (run, dataset, problem_id, outcome, token_mode), (run, dataset, problem_id, outcome, token_mode, verdict)
    )
    HAVING grouping(verdict) = 1 OR verdict IS NOT NULL
)
SELECT
    run, dataset, outcome, token_mode, status,
    sum(samples)::BIGINT AS samples,
    sum(unknown)::BIGINT AS unknown,
    list(middle ORDER BY middle) FILTER (middle IS NOT NULL) AS perplexity,
    list(mean_log ORDER BY mean_log) FILTER (mean_log IS NOT NULL) AS mean_log,
    list(bits ORDER BY bits) FILTER (bits IS NOT NULL) AS bits_per_byte
FROM per_problem
GROUP BY ALL
ORDER BY run, token_mode, status
"""
_MEANS = ("perplexity", "mean_log", "bits_per_byte")
_TEXTS = ("a", "b", "run", "dataset", "scorer", "token_mode", "verifier", "outcome", "status")
_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in _TEXTS),
        *((name, pa.int64()) for name in ("problems", "samples", "unknown")),
        *((name, pa.float64()) for name in ("perplexity", "low", "high", "mean_log", "bits_per_byte")),
    ]
)


def answer(
    connection: duckdb.DuckDBPyConnection,
    *,
    a: str,
    b: str,
    verifier: str,
    runs: list[str],
    threshold: int,
    scorer: str | None,
) -> Answer:
    """Return a row for each run, outcome, token mode and status that has samples.

    Raises:
        Unanswerable: Run a or b has no verdicts, they share no problem, or no run has samples of their problems.
    """
    found, notes = outcomes(connection, a, b, verifier, threshold=threshold, at_n=None, problem_set="common")
    names = [name for name, _ in found.chances()]
    chances = np.stack([chance for _, chance in found.chances()])
    outcome = [names[place] for place in chances.argmax(axis=0).tolist()] if len(found.ids) else []
    connection.execute(_CLASSES, {"problems": found.ids, "outcomes": outcome, "a": a, "runs": runs})
    answered = sorted(rows(connection, _SQL), key=lambda row: (row["run"], names.index(row["outcome"])))
    if not answered:
        raise Unanswerable(f"{', '.join(runs)}: no samples of the problems of {a} and {b}; name other runs")
    for row in answered:
        values: dict[str, Any] = {name: np.array(row[name] or [], np.float64) for name in _MEANS}
        means = {name: mean_of(some) for name, some in values.items()}
        row |= {name: mean.value for name, mean in means.items()}
        row |= {"low": means["perplexity"].low, "high": means["perplexity"].high}
        row |= {"a": a, "b": b, "verifier": verifier, "scorer": scorer or row["run"]}
        row |= {"problems": len(values["perplexity"])}
    return Answer(pa.Table.from_pylist(answered, schema=_SCHEMA), notes)
