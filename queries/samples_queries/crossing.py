"""crossing: the smallest k at which run B is no longer ahead of run A in pass@k (Yue et al. 2025, arXiv:2504.13837).

group    two runs
params   a: run, b: run, verifier: verifier
reads    pairs
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

from samples_queries.chances import all_wrong, means
from samples_queries.groups import distinct
from samples_queries.pairs import TIE, Pairs, pairs


def answer(connection: duckdb.DuckDBPyConnection, *, a: str, b: str, verifier: str) -> pa.Table:
    """Return one row per dataset.

    Raises:
        Unanswerable: No problem is paired.
    """
    found = [
        {"a": a, "b": b, "dataset": part.dataset, "verifier": verifier}
        | _crossing(part)
        | {"largest_k": part.most, "unpaired": part.unpaired}
        for part in pairs(connection, a, b, verifier)
    ]
    whole, names = pa.int64(), pa.string()
    types = [names] * 4 + [whole] * 2 + [pa.float64()] * 2 + [whole] * 2
    return pa.Table.from_pylist(found, schema=pa.schema(list(zip(found[0], types, strict=True))))


def _crossing(part: Pairs) -> dict[str, int | float | None]:
    n, c, (in_a, in_b) = distinct([(part.n_a, part.c_a), (part.n_b, part.c_b)])
    there: dict[str, int | float | None] = {}
    for block, wrong in all_wrong(n, c, np.arange(1, part.most + 1), rows=2 * len(in_a)):
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
