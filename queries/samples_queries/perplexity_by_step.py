"""perplexity_by_step: perplexity over training steps: the median over a problem's samples, averaged over problems.

group    likelihood
params   runs: runs, x: label = step, scorer: scorer = none
reads    runs, perplexities
scored   scored_perplexities
grain    run, token_mode
columns  x, value, run, dataset, scorer, token_mode, problems, left_out, samples, unknown, perplexity, low, high,
         bits_per_byte
means    x: label of runs that orders the rows, such as step
         value: the run's value of this label
         problems: problems that the mean is over: those of which every run of the dataset has a known perplexity in
           this token mode, and which all of them saw in the same version
         left_out: other problems of which this run has a known perplexity
         samples: samples of these problems with a known perplexity
         unknown: samples of the run without one: failed, not scored, without tokens, or not finite
         perplexity: mean over these problems of the median perplexity of the problem's samples
         low: lower end of the 95 % interval over problems of this kind; NULL for one problem
         high: upper end of the 95 % interval
         bits_per_byte: mean over these problems of the median bits per byte; NULL when no bytes are known
example  samples query perplexity_by_step --runs base-7b,rl-7b --scorer base-7b

This is the figure of arXiv:2504.13837 over training steps: the perplexity of the answers of each step under the base
(scorer), or under the model of the step itself (no scorer). All steps are compared on the same problems. Values that
are numbers come first, in their order, then texts. Runs without the label are left out.
"""

from math import isfinite
from shlex import quote
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from samples_queries import Answer, Unanswerable
from samples_queries.groups import rows
from samples_queries.problem_means import mean_of

_LABELS = "SELECT run, labels FROM runs WHERE list_contains($runs, run) ORDER BY run"
_SQL = """
WITH versions AS (
    SELECT run, dataset, unnest(map_keys(problem_hashes)) AS problem_id, unnest(map_values(problem_hashes)) AS version
    FROM runs
    WHERE list_contains($runs, run)
), per_problem AS (
    SELECT
        run, dataset, problem_id, version, token_mode,
        count(log_perplexity) AS samples,
        count(*) - count(log_perplexity) AS unknown,
        median(exp(log_perplexity)) AS middle,
        median(bits_per_byte) AS bits
    FROM perplexities LEFT JOIN versions USING (run, dataset, problem_id)
    WHERE list_contains($runs, run)
    GROUP BY ALL
), members AS (
    SELECT dataset, token_mode, count(DISTINCT run) AS members
    FROM per_problem
    WHERE middle IS NOT NULL
    GROUP BY dataset, token_mode
), shared AS (
    SELECT dataset, token_mode, problem_id
    FROM per_problem JOIN members USING (dataset, token_mode)
    WHERE middle IS NOT NULL
    GROUP BY dataset, token_mode, problem_id, version, members
    HAVING count(*) = members
), placed AS (
    SELECT per_problem.*, shared.problem_id IS NOT NULL AS is_shared
    FROM per_problem LEFT JOIN shared USING (dataset, token_mode, problem_id)
)
SELECT
    run, dataset, token_mode,
    countif(middle IS NOT NULL AND NOT is_shared) AS left_out,
    coalesce(sum(samples) FILTER (is_shared), 0)::BIGINT AS samples,
    sum(unknown)::BIGINT AS unknown,
    list(middle ORDER BY middle) FILTER (is_shared AND middle IS NOT NULL) AS middles,
    list(bits ORDER BY bits) FILTER (is_shared AND bits IS NOT NULL) AS bits
FROM placed
GROUP BY ALL
HAVING count(middle) > 0
ORDER BY run, token_mode
"""
_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("x", "value", "run", "dataset", "scorer", "token_mode")),
        *((name, pa.int64()) for name in ("problems", "left_out", "samples", "unknown")),
        *((name, pa.float64()) for name in ("perplexity", "low", "high", "bits_per_byte")),
    ]
)


def answer(connection: duckdb.DuckDBPyConnection, *, runs: list[str], x: str, scorer: str | None) -> Answer:
    """Return one row for each run that has the label, in the order of its values.

    Raises:
        Unanswerable: No run has the label, or the runs of a dataset share no problem with a known perplexity.
    """
    labels = {row["run"]: dict(row["labels"]) for row in rows(connection, _LABELS, runs=runs)}
    values = {run: of[x] for run, of in labels.items() if x in of}
    if not values:
        there = sorted({key for of in labels.values() for key in of})
        raise Unanswerable(
            f'none of these runs has the label "{x}"; labels are {", ".join(there) or "none yet"}; '
            f"samples label RUN {quote(x)}=VALUE adds it"
        )
    lacking = [run for run in labels if run not in values]
    notes = [f"left out, because they have no label {x}: {', '.join(lacking)}"] if lacking else []
    found = rows(connection, _SQL, runs=list(values))
    for row in found:
        middles, bits = (np.array(row.pop(name) or [], np.float64) for name in ("middles", "bits"))
        mean = mean_of(middles)
        row |= {"x": x, "value": values[row["run"]], "scorer": scorer or row["run"], "problems": len(middles)}
        row |= {"perplexity": mean.value, "low": mean.low, "high": mean.high, "bits_per_byte": mean_of(bits).value}
    if not any(row["problems"] for row in found):
        raise Unanswerable(
            "no problem has a known perplexity in every run, which saw it in the same version; name fewer runs"
        )
    if left := [f"{row['left_out']:,} of {row['run']}" for row in found if row["left_out"]]:
        why = "some run has no known perplexity of them, or saw another version"
        notes.append(f"problems left out, because {why}: {', '.join(left)}")
    found.sort(key=lambda row: (*_place(row["value"]), row["run"], row["token_mode"]))
    return Answer(pa.Table.from_pylist(found, schema=_SCHEMA), notes)


def _place(value: Any) -> tuple[int, float, str]:
    """Return what values are ordered by: numbers as such, then texts."""
    try:
        number = float(value)
    except ValueError:
        return 1, 0.0, value
    return (0, number, value) if isfinite(number) else (1, 0.0, value)
