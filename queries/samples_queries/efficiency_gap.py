"""efficiency_gap: pass@K of a base minus pass@1 of each run trained from it (Yue et al. 2025, arXiv:2504.13837).

group    two runs
params   base: run, runs: runs, verifier: verifier, ks: ints = none
reads    tallies, pairs, runs
grain    base, run, dataset, verifier, k
columns  base, run, dataset, verifier, labels, k, base_pass_at_K, pass_at_1, gap, low, high, interval,
         problems, unpaired
means    base: name of the base run
         runs: the trained runs, by name or by the beginning of an id; only runs of the base's dataset are compared
         ks: the values of K; without them 256, or the base's largest n if that is less; "all" is every K up to it
         k: K, the number of samples drawn from each problem of the base
         base_pass_at_K: mean pass@K of the base over these problems, in [0, 1]; NULL without a problem
         pass_at_1: mean pass@1 of the trained run over the same problems, in [0, 1]; NULL without a problem
         gap: base_pass_at_K minus pass_at_1, in [-1, 1]; NULL without a problem
         low: lower end of the 95 % interval for the gap over all problems that could have been asked
         problems: problems with at least K verified samples of the base and one of the trained run
example  samples query efficiency_gap --base base-7b --runs rl-7b --verifier math

The gap says how far training is from what sampling the base can reach: the smaller it is, the more efficient the
training. Rows are in the order of the labels `algorithm` and `step`.

The interval is "two-level paired t", as in `compare`.
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
    """Return the gap of each run except the base, at each K.

    Raises:
        Unanswerable: There is no other run of the base's dataset, or a K is above the base's largest n.
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
