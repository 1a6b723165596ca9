"""efficiency_gap: pass@K of a base minus pass@1 of each run trained from it (Yue et al. 2025, arXiv:2504.13837).

group    two runs
formula  gap = pass@K of the base - pass@1 of the trained run
params   base: run, runs: runs, verifier: verifier, ks: ints = none, problem_set: problems,
         interval: text = population
reads    verified, runs
grain    base, run, dataset, verifier, k
columns  base, run, dataset, verifier, labels, k, base_pass_at_K, pass_at_1, gap, low, high, interval,
         problems, unpaired
means    base: name of the base run
         runs: the trained runs, by name or by the beginning of an id; only runs of the base's dataset are compared
         ks: the values of K; without them 256, or what all problems of the base reach if that is less; "all" is every
           K up to that
         k: K, the number of samples drawn from each problem of the base
         base_pass_at_K: mean pass@K of the base over these problems, in [0, 1]; NULL without a problem
         pass_at_1: mean pass@1 of the trained run over the same problems, in [0, 1]; NULL without a problem
         gap: base_pass_at_K minus pass_at_1, in [-1, 1]; NULL without a problem
         low: lower end of the 95 % interval for the gap
         problems: problems with at least K verified samples of the base and one of the trained run
example  samples query efficiency_gap --base base-7b --runs rl-7b --verifier math

The gap says how far training is from what sampling the base can reach: the smaller it is, the more efficient the
training. Rows are in the order of the labels `algorithm` and `step`.

The intervals are those of `compare`, for one K alone. With `--interval population` the gap is that of other problems of
this kind, with `--interval these` that of these problems, sampled anew.
"""

import duckdb
import numpy as np
import pyarrow as pa

from samples_queries import Answer, Unanswerable
from samples_queries.chances import Floats, Integers, all_wrong, means, sums
from samples_queries.groups import distinct
from samples_queries.intervals import DIFFERENCE_METHOD, POWERS, RERUN_METHOD, around, difference_interval, require_kind
from samples_queries.pairs import Pairs, pairs
from samples_queries.problem_sets import settle
from samples_queries.reruns import Reruns

USUAL = 256  # the paper's K

_RUNS = """
SELECT $base AS base, run, dataset, $verifier AS verifier, labels
FROM runs
WHERE list_contains($runs, run) AND run <> $base AND dataset IN (SELECT dataset FROM runs WHERE run = $base)
ORDER BY labels['algorithm'] NULLS FIRST, try_cast(labels['step'] AS DOUBLE) NULLS FIRST, run
"""


def answer(
    connection: duckdb.DuckDBPyConnection,
    *,
    base: str,
    runs: list[str],
    verifier: str,
    ks: list[int] | None,
    problem_set: str,
    interval: str,
) -> Answer:
    """Return the gap of each run except the base, at each K.

    Where runs are one team, all are compared with the base on the same problems; otherwise each on its own.

    Raises:
        Unanswerable: There is no other run of the base's dataset, a run has no verdicts or no problem of the base, a K
            is below 1, no K is reached, or the interval is of no kind.
    """
    require_kind(interval)
    others = connection.sql(_RUNS, params={"base": base, "runs": runs, "verifier": verifier}).to_arrow_table()
    if not len(others):
        raise Unanswerable(f"{base} is compared with no run: name others of its dataset with --runs")
    names: list[str] = others["run"].to_pylist()
    teams = [names] if problem_set == "common" else [[name] for name in names]
    parts: list[pa.Table] = []
    notes: list[str] = []
    for team in teams:
        runs = [base, *team]
        try:
            settled = settle(connection, runs, verifier, problem_set, ks=ks, usual=USUAL, once=team, paired=True)
        except Unanswerable as error:
            if len(teams) == 1:
                raise
            notes.append(f"left out: {error}")
            continue
        notes += settled.notes
        for name in team:
            (paired,) = pairs(connection, base, name)
            columns = _gaps(paired, settled.ks[base], these=interval == "these")
            same = others.take([names.index(name)] * len(settled.ks[base]))
            parts.append(pa.table({**{key: same[key] for key in same.column_names}, **columns}))
    if not parts:
        raise Unanswerable("; ".join(notes))
    return Answer(pa.concat_tables(parts), list(dict.fromkeys(notes)))


def _gaps(paired: Pairs, ks: Integers, *, these: bool) -> dict[str, pa.Array]:
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
    if these and blocks:
        low, high = _of_these(paired, ks, problems, (ceiling - reached) * problems)
    measured = {"base_pass_at_K": ceiling, "pass_at_1": reached, "gap": ceiling - reached, "low": low, "high": high}
    return {
        "k": pa.array(ks),
        **{name: pa.array(values, mask=np.isnan(values)) for name, values in measured.items()},
        "interval": pa.repeat(RERUN_METHOD if these else DIFFERENCE_METHOD, len(ks)),
        "problems": pa.array(problems.astype(np.int64)),
        "unpaired": pa.repeat(paired.unpaired, len(ks)),
    }


def _of_these(paired: Pairs, ks: Integers, problems: Floats, total: Floats) -> tuple[Floats, Floats]:
    """Return the ends of the intervals of reruns of the same problems, around the mean gaps total / problems."""
    ceiling = Reruns(paired.n_a, paired.c_a, paired.problems).noise(ks, paired.problems, paired.n_a)
    once = Reruns(paired.n_b, paired.c_b, paired.problems).noise(np.ones(1, np.int64), paired.problems, paired.n_a, ks)
    error = ceiling.and_of(once).of(total / np.maximum(problems, 1))
    *_, low, high = around(problems, total, error.ends(), (-1.0, 1.0))
    return low, high
