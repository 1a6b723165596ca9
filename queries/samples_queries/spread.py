"""How far the pass@k of pooled runs are apart, beside the pass@k of the pool. No query.

The members of a pool are asked about the problems that the pool's own figure is a mean over. A member with fewer than k
samples of one of them is left out at this k, because its figure would be of other problems.

It needs the tables that pooling makes: `pools` (run_id, member, pool) and `member_tallies`, the tallies of each run.
"""

from collections import defaultdict
from statistics import stdev

import duckdb
import numpy as np
import pyarrow as pa

from samples_queries.chances import Floats, Integers, all_wrong
from samples_queries.groups import rows

_SEVERAL = 2  # members that differ

# `pooled` is the n of the pool.
_SQL = """
WITH counted AS (
    SELECT
        compared.run, compared.dataset, pools.run_id, compared.n AS pooled,
        coalesce(member_tallies.n, 0) AS n, coalesce(member_tallies.c, 0) AS c, count(*) AS problems
    FROM compared
    JOIN pools ON compared.run = pool
    LEFT JOIN member_tallies
        ON member_tallies.run_id = pools.run_id AND member_tallies.problem_id = compared.problem_id
        AND verifier = $verifier
    GROUP BY ALL
)
SELECT
    run, dataset, list(pooled ORDER BY pooled, n, c) AS pooled, list(n ORDER BY pooled, n, c) AS n,
    list(c ORDER BY pooled, n, c) AS c, list(problems ORDER BY pooled, n, c) AS problems
FROM counted
GROUP BY run, dataset, run_id
ORDER BY run, dataset, run_id
"""


def with_spread(connection: duckdb.DuckDBPyConnection, answered: pa.Table) -> pa.Table:
    """Add the columns members, lowest, highest and sd to the rows of pass_at_k, which was asked before."""
    wanted = list(zip(*(answered[name].to_pylist() for name in ("run", "dataset", "k")), strict=True))
    ks: dict[tuple[str, str], list[int]] = defaultdict(list)
    for run, dataset, k in wanted:
        ks[run, dataset].append(k)
    found: dict[tuple[str, str, int], list[float]] = defaultdict(list)
    for member in rows(connection, _SQL, verifier=answered["verifier"][0].as_py()):
        key = member["run"], member["dataset"]
        if key in ks:
            own = np.array(sorted(set(ks[key])), np.int64)
            counts = (np.array(member[name], np.int64) for name in ("pooled", "n", "c", "problems"))
            for k, value in zip(own.tolist(), _curve(own, *counts).tolist(), strict=True):
                found[*key, k] += [] if np.isnan(value) else [value]
    spreads = [found[row] for row in wanted]
    columns = {
        "members": pa.array([len(values) for values in spreads], pa.int64()),
        "lowest": pa.array([min(values, default=None) for values in spreads], pa.float64()),
        "highest": pa.array([max(values, default=None) for values in spreads], pa.float64()),
        "sd": pa.array([stdev(v) if len(v) >= _SEVERAL else None for v in spreads], pa.float64()),
    }
    for name, column in columns.items():
        answered = answered.append_column(name, column)
    return answered


def _curve(ks: Integers, pooled: Integers, n: Integers, c: Integers, problems: Integers) -> Floats:
    """Return one member's pass@k over the problems of which the pool has k samples; NaN where it has fewer of one.

    Args:
        ks: ascending.
        pooled: [groups], the n of the pool.
        n: [groups], the n of the member, or 0.
        c: [groups], how many of these are correct.
        problems: [groups], the number of problems.
    """
    asked = pooled[:, None] >= ks
    lacking = (asked & (n[:, None] < ks)).any(axis=0)
    some = n > 0
    found = np.full(len(ks), np.nan)
    if not some.any():
        return found
    for block, wrong in all_wrong(n[some], c[some], ks):
        at = np.searchsorted(ks, block)
        weights = asked[some][:, at] * problems[some, None]
        right = (weights * np.where(np.isnan(wrong), 0, 1 - wrong)).sum(axis=0)
        found[at] = right / np.maximum(weights.sum(axis=0), 1)
    found[lacking] = np.nan
    return found
