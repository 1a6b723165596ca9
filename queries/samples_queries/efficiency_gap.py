"""efficiency_gap: pass@K of a base minus pass@1 of each run trained from it (Yue et al. 2025, arXiv:2504.13837).

params   base: run, runs: runs, verifier: verifier, ks: ints = none
reads    tallies, runs
grain    base, run, dataset, verifier, k
columns  base, run, dataset, verifier, labels, k, base_pass_at_K, pass_at_1, gap, low, high, interval,
         problems, unpaired

How far training is from what sampling the base finds: the smaller the gap, the more efficient. K is `k`: 256 without
`ks`, or the base's largest n when that is smaller. Runs of the base's dataset, in the order of their labels `algorithm`
and `step`; both means are over the problems of which the base has K verified samples and the run one. `low` and `high`
hold the gap over the problems that could have been asked, in 95 % of lakes. `unpaired` problems count at no K: only one
of the two has verified samples of them, or they were drawn for different versions. A run none of whose problems counts
has NULLs.
"""

import duckdb
import numpy as np
import pyarrow as pa

from samples_queries import Unanswerable
from samples_queries.chances import Floats, Integers, all_wrong, means, sums
from samples_queries.groups import chosen, distinct, groups
from samples_queries.intervals import DIFFERENCE_METHOD, POWERS, difference_interval
from samples_queries.pairs import Pairs, met

USUAL = 256  # the paper's K

_RUNS = """
SELECT $base AS base, run, dataset, $verifier AS verifier, labels
FROM runs
WHERE list_contains($runs, run) AND run <> $base AND dataset = $dataset
ORDER BY labels['algorithm'] NULLS FIRST, try_cast(labels['step'] AS DOUBLE) NULLS FIRST, run
"""


def answer(
    connection: duckdb.DuckDBPyConnection, *, base: str, runs: list[str], verifier: str, ks: list[int] | None
) -> pa.Table:
    """Return the gap of each run but the base, at each K.

    Raises:
        Unanswerable: There is no other run of the base's dataset, or the base has no problem with K verified samples.
    """
    (start,) = groups(connection, [base], verifier)
    wanted = chosen(ks, start.most, default=[min(USUAL, start.most)])
    given = {"base": base, "runs": runs, "verifier": verifier, "dataset": start.dataset}
    others = connection.sql(_RUNS, params=given).to_arrow_table()
    if not len(others):
        raise Unanswerable(f"{base} is compared with no run: name others of dataset {start.dataset} in runs=…")
    parts: list[pa.Table] = []
    names: list[str] = others["run"].to_pylist()
    paired = {part.b: part for part in met(connection, base, names, verifier) if part.dataset == start.dataset}
    for place, run in enumerate(names):
        columns = _gaps(paired[run], wanted)
        same = others.take([place] * len(wanted))
        parts.append(pa.table({**{name: same[name] for name in same.column_names}, **columns}))
    return pa.concat_tables(parts)


def _gaps(paired: Pairs, ks: Integers) -> dict[str, pa.Array]:
    """Return the columns after the labels, at each K."""
    n, c, (place,) = distinct([(paired.n_a, paired.c_a)])
    once = (paired.c_b / paired.n_b)[:, None]
    blocks: list[Floats] = []
    for _, wrong in all_wrong(n, c, ks, rows=len(place)) if len(place) else ():
        chances = 1 - wrong[place]
        reached = np.where(np.isnan(chances), np.nan, once)
        problems, _, low, high = difference_interval(sums(chances - reached, paired.problems, POWERS))
        ceiling, once_mean = (means(values, paired.problems)[1] for values in (chances, reached))
        blocks.append(np.stack([ceiling, once_mean, low, high, problems.astype(float)]))
    nothing = np.array([[np.nan]] * 4 + [[0.0]]).repeat(len(ks), axis=1)
    ceiling, reached, low, high, problems = np.concatenate(blocks, axis=1) if blocks else nothing
    measured = {"base_pass_at_K": ceiling, "pass_at_1": reached, "gap": ceiling - reached, "low": low, "high": high}
    return {
        "k": pa.array(ks),
        **{name: pa.array(values, mask=np.isnan(values)) for name, values in measured.items()},
        "interval": pa.repeat(DIFFERENCE_METHOD, len(ks)),
        "problems": pa.array(problems.astype(np.int64)),
        "unpaired": pa.repeat(paired.unpaired, len(ks)),
    }
