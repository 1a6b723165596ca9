"""best_of: max@k, the expected best reward of k samples (arXiv:2510.23393).

group    accuracy
formula  max@k = mean over problems of the sum of C(i-1, k-1) / C(n, k) r_i
                 over i from k to n, where r_1 <= r_2 <= … are the rewards
params   runs: runs, verifier: verifier, ks: ints = none, problem_set: problems
reads    current_verdicts, verified
grain    run, dataset, verifier, k
columns  run, dataset, verifier, k, problems, max_at_k, low, high, interval
means    max_at_k: expected largest reward among k samples of a problem, averaged over problems
example  samples query best_of --runs rl-7b --verifier reasoning-gym --ks 1,8,64

A verdict without a reward counts as reward 1 when it is correct, and as 0 when it is wrong or has no answer. When no
verdict has a reward, max@k is pass@k.

The interval is that of `pass_at_k` with `--interval population`: other problems of this kind, sampled anew. It is
computed on rewards scaled to [0, 1]. When a run has rewards outside [0, 1], they are scaled from the smallest and the
largest reward of the run instead.
"""

from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from samples_queries import Answer
from samples_queries.chances import Floats, Integers, all_wrong, means, sums
from samples_queries.groups import at_each_k, distinct, require_samples
from samples_queries.intervals import METHOD, mean_interval
from samples_queries.problem_sets import settle

# The expected best of k is the smallest reward, plus each step to the next reward times the chance to reach it.
_SQL = """
WITH rewarded AS (
    SELECT run, dataset, problem_id, coalesce(reward, (status = 'correct')::DOUBLE) AS reward
    FROM current_verdicts SEMI JOIN compared USING (run, dataset, problem_id)
    WHERE verifier = $verifier AND status IN ('correct', 'wrong', 'no_answer')
), levels AS (
    SELECT run, dataset, problem_id, reward, count(*) AS samples
    FROM rewarded
    GROUP BY ALL
)
SELECT
    run, dataset, problem_id, reward,
    (sum(samples) OVER problem)::BIGINT AS n,
    (sum(samples) OVER (problem ORDER BY reward DESC))::BIGINT AS c,
    reward - coalesce(lag(reward) OVER (problem ORDER BY reward), 0) AS step
FROM levels
WINDOW problem AS (PARTITION BY run, dataset, problem_id)
ORDER BY run, dataset, problem_id, reward
"""


def answer(
    connection: duckdb.DuckDBPyConnection, *, runs: list[str], verifier: str, ks: list[int] | None, problem_set: str
) -> Answer:
    """Return max@k of each run, at each k that its problems reach.

    Raises:
        Unanswerable: A k is below 1, no k is reached, or runs have no verdicts, no common problem, or counts only.
    """
    settled = settle(connection, runs, verifier, problem_set, ks=ks)
    levels = connection.sql(_SQL, params={"verifier": verifier}).to_arrow_table()
    require_samples(settled.ks, levels["run"].unique().to_pylist())
    n, c, (place,) = distinct([(levels["n"].to_numpy(), levels["c"].to_numpy())])
    step, reward = levels["step"].to_numpy()[:, None], levels["reward"].to_numpy()
    problems, of_runs = _starts(levels, "run", "dataset", "problem_id"), _starts(levels, "run", "dataset")
    ends = [*of_runs[1:], len(levels)]
    parts: list[pa.Table] = []
    for block, wrong in all_wrong(n, c, settled.every_k, rows=len(place)):
        best = np.add.reduceat(step * (1 - wrong[place]), problems, axis=0)
        for start, end in zip(of_runs, ends, strict=True):
            same = {name: levels[name][start].as_py() for name in ("run", "dataset")} | {"verifier": verifier}
            own = np.isin(block, settled.ks[same["run"]])
            values = best[np.searchsorted(problems, start) : np.searchsorted(problems, end), own]
            count, measured = _measured(values, *_range(reward[start:end]))
            parts.append(at_each_k(same, block[own], count, **measured))
    order = [("run", "ascending"), ("dataset", "ascending"), ("k", "ascending")]
    return Answer(pa.concat_tables(parts).sort_by(order), settled.notes)


def _starts(rows: pa.Table, *names: str) -> Integers:
    """Return the first row of each group of sorted rows that are the same in these columns."""
    changed = np.zeros(len(rows), dtype=bool)
    changed[0] = True
    for name in names:
        codes = rows[name].combine_chunks().dictionary_encode().indices.to_numpy()
        changed[1:] |= codes[1:] != codes[:-1]
    return np.flatnonzero(changed)


def _range(rewards: Floats) -> tuple[float, float]:
    return min(0.0, float(rewards.min())), max(1.0, float(rewards.max()))


def _measured(values: Floats, least: float, most: float) -> tuple[Integers, dict[str, Any]]:
    weights = np.ones(len(values), dtype=np.int64)
    _, mean = means(values, weights)
    shares = np.clip((values - least) / (most - least), 0, 1)
    problems, _, *ends = mean_interval(sums(shares, weights))
    low, high = (least + (most - least) * end for end in ends)
    return problems, {"max_at_k": mean, "low": low, "high": high, "interval": METHOD}
