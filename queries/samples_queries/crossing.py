"""crossing: the smallest k at which run B is no longer ahead of run A in pass@k (Yue et al. 2025, arXiv:2504.13837).

group    two runs
params   a: run, b: run, verifier: verifier, problem_set: problems
reads    verified
grain    a, b, dataset, verifier
columns  a, b, dataset, verifier, k, problems, pass_at_k_a, pass_at_k_b, largest_k, unpaired
means    k: smallest k at which B's mean pass@k is not above A's; NULL when B is ahead at every k
         problems: problems of which both runs have at least k verified samples; the means are over them
         largest_k: largest n that both runs have of a problem; every k from 1 to it is tried
example  samples query crossing --a base-7b --b rl-7b --verifier math

Take the base as A and the trained run as B. When B is not ahead at k = 1, k is 1. When k is NULL, `problems` and the
two pass@k are those at `largest_k`. `compare` says whether a lead is more than chance.
"""

import duckdb
import numpy as np
import pyarrow as pa

from samples_queries import Answer
from samples_queries.chances import Integers, all_wrong, means
from samples_queries.groups import distinct
from samples_queries.pairs import TIE, Pairs, pairs
from samples_queries.problem_sets import settle


def answer(connection: duckdb.DuckDBPyConnection, *, a: str, b: str, verifier: str, problem_set: str) -> Answer:
    """Return one row per dataset.

    Raises:
        Unanswerable: A run has no verdicts, or no problem is paired.
    """
    settled = settle(connection, [a, b], verifier, problem_set, ks=[], paired=True)
    found = [
        {"a": a, "b": b, "dataset": part.dataset, "verifier": verifier}
        | _crossing(part, settled.ks[a])
        | {"largest_k": int(settled.ks[a][-1]), "unpaired": part.unpaired}
        for part in pairs(connection, a, b)
    ]
    whole, names = pa.int64(), pa.string()
    types = [names] * 4 + [whole] * 2 + [pa.float64()] * 2 + [whole] * 2
    schema = pa.schema(list(zip(found[0], types, strict=True)))
    return Answer(pa.Table.from_pylist(found, schema=schema), settled.notes)


def _crossing(part: Pairs, ks: Integers) -> dict[str, int | float | None]:
    n, c, (in_a, in_b) = distinct([(part.n_a, part.c_a), (part.n_b, part.c_b)])
    there: dict[str, int | float | None] = {}
    for block, wrong in all_wrong(n, c, ks, rows=2 * len(in_a)):
        absent = np.isnan(wrong[in_a] + wrong[in_b])
        problems, first = means(np.where(absent, np.nan, 1 - wrong[in_a]), part.problems)
        _, second = means(np.where(absent, np.nan, 1 - wrong[in_b]), part.problems)
        behind = np.flatnonzero(second - first <= TIE)
        at = int(behind[0]) if len(behind) else -1
        there = {
            "k": int(block[at]) if len(behind) else None,
            "problems": int(problems[at]),
            "pass_at_k_a": float(first[at]),
            "pass_at_k_b": float(second[at]),
        }
        if len(behind):
            break
    return there
