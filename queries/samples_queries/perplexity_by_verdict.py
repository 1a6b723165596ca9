"""perplexity_by_verdict: the perplexity of correct, wrong and other samples, and their difference on the same problems.

group    likelihood
params   runs: runs, verifier: verifier, scorer: scorer = none
reads    judged_perplexities
scored   scored_perplexities
takes    by
grain    run, token_mode, status
columns  run, dataset, scorer, token_mode, verifier, status, problems, perplexity, difference, low, high, paired,
         samples, unknown, mean_log, bits_per_byte
means    status: status of the sample's current verdict; unjudged without a verdict, other if no verifier gives it
         problems: problems that have a sample of this status with a known perplexity
         perplexity: mean over problems of the median perplexity of the problem's samples of this status
         difference: mean over the paired problems of the mean log perplexity of this status minus that of the correct
           samples: above 0 where correct samples are likelier; NULL for correct itself
         low: lower end of the 95 % interval of difference, over problems of this kind; NULL for one problem
         high: upper end of the 95 % interval of difference
         paired: problems that have samples of this status and correct ones, with known perplexities
         samples: samples of this status with a known perplexity
         unknown: samples of this status without one: not scored, without tokens, or not finite
         mean_log: mean over problems of the mean log perplexity (natural log) of the problem's samples of this status
         bits_per_byte: mean over problems of the median bits per byte; NULL when no bytes are known
example  samples query perplexity_by_verdict --runs rl-7b --scorer base-7b

Wrong samples come from harder problems, so `perplexity` compares problems as well as samples. `difference` compares the
samples of the same problems. Failed samples are left out. `perplexity` explains the perplexity of one sample.
"""

from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from samples_queries.groups import rows
from samples_queries.problem_means import mean_of

_SQL = """
WITH per_problem AS (
    SELECT
        run, dataset, problem_id, token_mode, coalesce(status, 'unjudged') AS status,
        count(log_perplexity) AS samples,
        count(*) - count(log_perplexity) AS unknown,
        median(exp(log_perplexity)) AS middle,
        avg(log_perplexity::DECIMAL(38, 20))::DOUBLE AS mean_log,
        median(bits_per_byte) AS bits
    FROM judged_perplexities
    WHERE list_contains($runs, run) AND error IS NULL
    GROUP BY ALL
), compared AS (
    SELECT one.*, CASE WHEN one.status <> 'correct' THEN one.mean_log - other.mean_log END AS difference
    FROM per_problem AS one
    LEFT JOIN per_problem AS other
        ON other.run = one.run AND other.problem_id = one.problem_id AND other.token_mode = one.token_mode
        AND other.status = 'correct'
)
SELECT
    run, dataset, token_mode, status,
    sum(samples)::BIGINT AS samples,
    sum(unknown)::BIGINT AS unknown,
    list(middle ORDER BY middle) FILTER (middle IS NOT NULL) AS perplexity,
    list(mean_log ORDER BY mean_log) FILTER (mean_log IS NOT NULL) AS mean_log,
    list(bits ORDER BY bits) FILTER (bits IS NOT NULL) AS bits_per_byte,
    list(difference ORDER BY difference) FILTER (difference IS NOT NULL) AS difference
FROM compared
GROUP BY ALL
ORDER BY run, token_mode, status
"""
_MEANS = ("perplexity", "mean_log", "bits_per_byte", "difference")
_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("run", "dataset", "scorer", "token_mode", "verifier", "status")),
        ("problems", pa.int64()),
        *((name, pa.float64()) for name in ("perplexity", "difference", "low", "high")),
        *((name, pa.int64()) for name in ("paired", "samples", "unknown")),
        *((name, pa.float64()) for name in ("mean_log", "bits_per_byte")),
    ]
)


def answer(connection: duckdb.DuckDBPyConnection, *, runs: list[str], verifier: str, scorer: str | None) -> pa.Table:
    """Return one row for each run, token mode and status."""
    found = rows(connection, _SQL, runs=runs)
    for row in found:
        values: dict[str, Any] = {name: np.array(row[name] or [], np.float64) for name in _MEANS}
        means = {name: mean_of(some) for name, some in values.items()}
        row |= {name: mean.value for name, mean in means.items()}
        row |= {"low": means["difference"].low, "high": means["difference"].high}
        row |= {"problems": len(values["perplexity"]), "paired": len(values["difference"])}
        row |= {"scorer": scorer or row["run"], "verifier": verifier}
    return pa.Table.from_pylist(found, schema=_SCHEMA)
