"""support: which solved problems training kept, gained and lost (Wu et al. 2025, arXiv:2507.14843).

group    two runs
formula  srr = p / (p + s)
         ndr = e / (p + e)
         sds = 2 p e / (p^2 + 2 p e + e s)
         nscr = (e - s) / (p + e + s)
params   a: run, b: run, verifier: verifier, threshold: ints = 1, at_n: int = none, problem_set: problems
reads    verified
grain    a, b, dataset, threshold
columns  a, b, dataset, threshold, srr, ndr, sds, nscr, p, e, s, problems, n_a, n_b, unpaired
means    a: name of run A, the base
         b: name of run B, the run trained from it
         threshold: a run solves a problem when at least this many of its verified samples are correct; each value has a
           row; "all" is every one up to the fewest verified samples of a problem
         srr: support retention rate p/(p+s): the share of the base's solved problems that training kept, in [0, 1]
         ndr: net discovery rate e/(p+e): the share of the trained run's solved problems that are new, in [0, 1]
         sds: support dynamic score: the harmonic mean of srr and ndr, in [0, 1]
         nscr: net support change rate (e-s)/(p+e+s): solved problems gained minus lost, in [-1, 1]
         p: problems that both runs solve: preserved; with at_n the expected number, as in e and s
         e: problems that only the trained run solves: expanded
         s: problems that only the base solves: shrunk
         problems: paired problems: those of p, e and s, and those that neither run solves
         n_a: fewest verified samples of run A of a paired problem; with at_n this number
         n_b: the same of run B
example  samples query support --a base-7b --b rl-7b --verifier math

A rate is NULL when its denominator is 0. With at_n, the rates are those of the expected numbers. `coverage` explains
at_n, and lists the problems.
"""

from math import fsum
from typing import Any

import duckdb
import pyarrow as pa

from samples_queries import Answer
from samples_queries.outcomes import Outcomes, outcomes, whole


def answer(
    connection: duckdb.DuckDBPyConnection,
    *,
    a: str,
    b: str,
    verifier: str,
    threshold: list[int],
    at_n: int | None,
    problem_set: str,
) -> Answer:
    """Return one row for each threshold.

    Raises:
        Unanswerable: A run has no verdicts, the runs share no problem, none has `at_n` samples, or a number is below 1.
    """
    least = min(threshold, default=1)
    found, notes = outcomes(connection, a, b, verifier, threshold=least, at_n=at_n, problem_set=problem_set)
    most = at_n or int(min(found.n_a.min(), found.n_b.min()))
    wanted = sorted(set(threshold)) or range(1, most + 1)
    rows = [{"a": a, "b": b, "dataset": found.dataset, **_rates(found, each)} for each in wanted]
    count = pa.float64() if at_n else pa.int64()
    types = [*[pa.string()] * 3, pa.int64(), *[pa.float64()] * 4, *[count] * 3, *[pa.int64()] * 4]
    return Answer(pa.Table.from_pylist(rows, schema=pa.schema(list(zip(rows[0], types, strict=True)))), notes)


def _rates(found: Outcomes, threshold: int) -> dict[str, Any]:
    """Return the columns of one threshold, after the dataset."""
    one = found.at(threshold)
    kept, lost, gained, _ = whole([fsum(chance) for _, chance in one.chances()], one.thinned)
    return {
        "threshold": threshold,
        "srr": _ratio(kept, kept + lost),
        "ndr": _ratio(gained, kept + gained),
        "sds": _ratio(2 * kept * gained, kept * kept + 2 * kept * gained + gained * lost),
        "nscr": _ratio(gained - lost, kept + gained + lost),
        "p": kept,
        "e": gained,
        "s": lost,
        "problems": len(one.ids),
        "n_a": one.thinned or int(one.n_a.min()),
        "n_b": one.thinned or int(one.n_b.min()),
        "unpaired": one.unpaired,
    }


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None
