"""likelihood_ratio_by_run: how many of a run's answers a scorer finds as likely as its own answers.

group    likelihood
params   runs: runs, scorer: scorer
reads    runs, samples, likelihoods, own_likelihoods
takes    by
grain    run
columns  run, dataset, scorer, of, problems, share_as_likely, low, high, log_ratio, log_ratio_per_token,
         reference_run, compared, as_likely, samples, unknown
means    of: what the run's own log-probs are of: model, sampling, neither or unknown; `divergence` explains it
         problems: problems with a sample of which both log-probs are known
         share_as_likely: mean over problems of the share of their compared samples that are as likely, in [0, 1]
         low: lower end of the 95 % interval of share_as_likely, over problems of this kind; NULL for one problem
         high: upper end of the 95 % interval
         log_ratio: mean over problems of the median over their samples of log p_scorer - log p_run, in nats
         log_ratio_per_token: the same of the ratio divided by the sample's tokens
         reference_run: whose samples are the reference: the scorer's own run, or this run where there is none
         compared: samples with a reference: tokens, and a sample of the reference run for the same problem
         as_likely: samples of these whose log-prob per token under the scorer is at least the reference
         samples: samples of which both log-probs are known
         unknown: samples that were scored, but as other tokens, or with a log-prob that is unknown or not finite
example  samples query likelihood_ratio_by_run --runs rl-7b --scorer base-7b

The reference of a problem is the median log-prob per token of the reference run's samples of it, under that run itself.
`likelihood_ratio` defines it, and has the samples. A share of .5 says that the scorer finds the run's answers as likely
as answers of its own; a share near 1 that it finds most of them likelier than that.
"""

from itertools import groupby
from operator import itemgetter
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from samples_queries import Answer
from samples_queries.drawn_from import drawn_from
from samples_queries.groups import rows
from samples_queries.likelier import LIKELIER, unlike
from samples_queries.log_ratios import COUNTS, lacking
from samples_queries.problem_means import mean_of

_SQL = f"""
SELECT
    run, any_value(dataset) AS dataset, any_value(reference_run) AS reference_run, problem_id,
    {COUNTS}, count(*) - count(log_ratio) AS unknown,
    median(log_ratio) AS log_ratio, median(log_ratio_per_token) AS log_ratio_per_token,
    count(as_likely) AS compared, count(*) FILTER (as_likely) AS as_likely
FROM ({LIKELIER})
GROUP BY run, problem_id
ORDER BY run, problem_id
"""  # noqa: S608 - SQL of our own
_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("run", "dataset", "scorer", "of")),
        ("problems", pa.int64()),
        *((name, pa.float64()) for name in ("share_as_likely", "low", "high", "log_ratio", "log_ratio_per_token")),
        ("reference_run", pa.string()),
        *((name, pa.int64()) for name in ("compared", "as_likely", "samples", "unknown")),
    ]
)


def answer(connection: duckdb.DuckDBPyConnection, *, runs: list[str], scorer: str) -> Answer:
    """Return one row for each run.

    Raises:
        Unanswerable: No sample of any run has both log-probs.
    """
    each = rows(connection, _SQL, runs=runs, scorer=scorer)
    notes = lacking(each, scorer)
    drawn = drawn_from(connection, runs)
    found: list[dict[str, Any]] = []
    for run, of_run in groupby(each, itemgetter("run")):
        problems = list(of_run)
        known = [one for one in problems if one["samples"]]
        shares = mean_of(np.array([one["as_likely"] / one["compared"] for one in problems if one["compared"]]))
        sums = {name: sum(one[name] for one in problems) for name in ("samples", "unknown", "compared", "as_likely")}
        middle = {name: _mean(known, name) for name in ("log_ratio", "log_ratio_per_token")}
        about = {"run": run, "scorer": scorer, "of": drawn[run].of, "problems": len(known)}
        about |= {name: problems[0][name] for name in ("dataset", "reference_run")}
        found.append({**about, **sums, **middle, "share_as_likely": shares.value, **_ends(shares.low, shares.high)})
        if sums["compared"] < sums["samples"]:
            lost = sums["samples"] - sums["compared"]
            notes.append(
                f"{lost:,} of {sums['samples']:,} samples of {run} are compared with nothing: {about['reference_run']} "
                "has no log-probs of its own for their problems, or saw other versions of these"
            )
    notes += unlike({row["run"]: row["reference_run"] for row in found}, scorer)
    return Answer(pa.Table.from_pylist(found, schema=_SCHEMA), notes)


def _mean(problems: list[dict[str, Any]], name: str) -> float | None:
    return mean_of(np.array([one[name] for one in problems if one[name] is not None])).value


def _ends(low: float | None, high: float | None) -> dict[str, float | None]:
    """Return the ends of a share's interval, which lie in [0, 1]."""
    return {"low": None if low is None else max(low, 0.0), "high": None if high is None else min(high, 1.0)}
