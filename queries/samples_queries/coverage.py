"""coverage: which problems both of two runs solve, only one, or neither (Yue et al. 2025, arXiv:2504.13837).

group    two runs
params   a: run, b: run, verifier: verifier, threshold: int = 1, at_n: int = none, problem_set: problems
reads    verified
takes    by, pool
grain    a, b, dataset, outcome
columns  a, b, dataset, outcome, problems, share, problem_ids, n_a, n_b, p_most_a, p_most_b, p_value, unpaired
means    outcome: which of the two runs solve the problem: both, only_a, only_b or neither
         problems: problems with this outcome; with at_n the expected number
         share: these problems as a share of those with any outcome, in [0, 1]
         problem_ids: ids of these problems, sorted; NULL with at_n, where a problem has each outcome with a chance
         n_a: fewest verified samples of run A of these problems; NULL when there are none; with at_n this number
         n_b: the same of run B
         p_most_a: how likely a correct sample of run A may still be on a problem that it does not solve: the largest
           upper end (95 %, one-sided) over these problems; NULL where A solves them
         p_most_b: the same of run B
         p_value: McNemar's exact test of only_a against only_b, two-sided: small when chance alone would hardly make
           them so different; NULL with at_n
example  samples query coverage --a base-7b --b rl-7b --verifier math

The answer has all four outcomes, also those of no problem. Unpaired problems have no outcome.

A run that was sampled more often solves more problems by chance: at least 1 correct of 128 is not the same as of 1024.
Where the runs differ in this, a note says so. With at_n, N of the samples of each problem are drawn without replacement
from each run, and `problems` is the expected number: exact (hypergeometric), not simulated. Problems with fewer samples
are left out.

A problem without a correct sample may still be solvable. When none of n samples is correct, a correct one has at most
the probability 1 - 0.05^(1/n), with 95 % confidence; when c are, fewer than the threshold, the bound is Clopper and
Pearson's (1934). With at_n it is the bound that N samples allow.

McNemar's test (1947, Psychometrika 12:153) takes the problems that exactly one run solves, and asks how often a fair
coin would share them as unequally. The problems are then a sample of those that could have been asked.
"""

from collections.abc import Sequence
from math import fsum

import duckdb
import numpy as np
import pyarrow as pa

from samples_queries import Answer
from samples_queries.chances import Floats, Integers, binomial
from samples_queries.outcomes import Outcomes, outcomes, whole
from samples_queries.quantiles import beta_quantiles

LEVEL = 0.95  # of the one-sided upper end


def answer(
    connection: duckdb.DuckDBPyConnection,
    *,
    a: str,
    b: str,
    verifier: str,
    threshold: int,
    at_n: int | None,
    problem_set: str,
) -> Answer:
    """Return the four outcomes.

    Raises:
        Unanswerable: A run has no verdicts, the runs share no problem, none has `at_n` samples, or a number is below 1.
    """
    found, notes = outcomes(connection, a, b, verifier, threshold=threshold, at_n=at_n, problem_set=problem_set)
    return Answer(_rows(a, b, found, threshold), notes)


def _rows(a: str, b: str, one: Outcomes, threshold: int) -> pa.Table:
    names, chances = zip(*one.chances(), strict=True)
    problems = whole([fsum(chance) for chance in chances], one.thinned)
    total = fsum(problems)
    here = [np.flatnonzero(chance > 0) for chance in chances]
    only_a, only_b = problems[1], problems[2]
    ids = [None if one.thinned else [one.ids[place] for place in some] for some in here]
    same = {"a": pa.repeat(a, 4), "b": pa.repeat(b, 4), "dataset": pa.repeat(one.dataset, 4)}
    p_value = None if one.thinned else mcnemar(int(only_a), int(only_b))
    return pa.table(
        {
            **same,
            "outcome": pa.array(names),
            "problems": pa.array(problems),
            "share": pa.array([count / total for count in problems]),
            "problem_ids": pa.array(ids, pa.list_(pa.string())),
            "n_a": _fewest(one.n_a, here, one.thinned),
            "n_b": _fewest(one.n_b, here, one.thinned),
            "p_most_a": _bounds(one.n_a, one.c_a, [None, None, *here[2:]], threshold, one.thinned),
            "p_most_b": _bounds(one.n_b, one.c_b, [None, here[1], None, here[3]], threshold, one.thinned),
            "p_value": pa.array([p_value] * 4, pa.float64()),
            "unpaired": pa.array([one.unpaired] * 4),
        }
    )


def _fewest(n: Integers, here: Sequence[Integers], thinned: int | None) -> pa.Array:
    """Return the smallest n of the problems at these places."""
    return pa.array([thinned or (int(n[some].min()) if len(some) else None) for some in here], pa.int64())


def _bounds(n: Integers, c: Integers, here: Sequence[Integers | None], threshold: int, thinned: int | None) -> pa.Array:
    """Return the largest bound of the problems at these places; None where the run solves them."""
    found: list[float | None] = []
    for some in here:
        if some is None or not (thinned or len(some)):
            found.append(None)
        elif thinned:
            found.append(float(most_likely(np.array([thinned]), np.array([min(threshold - 1, thinned)]))[0]))
        else:
            found.append(float(most_likely(n[some], c[some]).max()))
    return pa.array(found, pa.float64())


def most_likely(n: Integers, c: Integers) -> Floats:
    """Return the upper end, [problems], of the one-sided 95 % interval for the chance of a correct sample."""
    bounds = np.ones(len(n))
    never, some = c == 0, (c > 0) & (c < n)
    bounds[never] = -np.expm1(np.log(1 - LEVEL) / n[never])
    if some.any():
        counts, place = np.unique(np.stack([n[some], c[some]]), axis=1, return_inverse=True)
        ends = beta_quantiles((counts[1] + 1).astype(float), (counts[0] - counts[1]).astype(float), [LEVEL])[0]
        bounds[some] = ends[place.reshape(-1)]
    return bounds


def mcnemar(only_a: int, only_b: int) -> float:
    """Return the two-sided p-value of McNemar's exact test: a fair coin shares the problems that one run solves."""
    thrown, fewer = only_a + only_b, min(only_a, only_b)
    return min(1.0, 2 * fsum(binomial(thrown, 0.5)[: fewer + 1]))
