"""reliability: the chance that all of k samples are correct, or a share tau of them (arXiv:2406.12045, 2412.13147).

group    accuracy
formula  pass^k = mean over problems of C(c, k) / C(n, k)
         G-Pass@k = mean over problems of the sum of C(c, j) C(n-c, k-j) / C(n, k)
                    over j from max(1, ceil(tau k)) to k
         Cover@tau = share of the problems with c/n >= tau
params   runs: runs, verifier: verifier, ks: ints = none, taus: floats = 0.25,0.5,0.75,1.0,
         problem_set: problems
reads    verified
grain    run, dataset, verifier, k, tau
columns  run, dataset, verifier, k, problems, pass_hat_k, tau, g_pass_at_k, cover_at_tau
means    taus: the values of tau, in [0, 1]
         pass_hat_k: pass^k: the chance that all k samples are correct, averaged over problems, in [0, 1]
         tau: share of the k samples that must be correct, in [0, 1]
         g_pass_at_k: G-Pass@k: the chance that at least tau of the k samples are correct, and at least one; averaged
           over problems, in [0, 1]
         cover_at_tau: Cover@tau: the share of these problems with c/n >= tau, in [0, 1] (arXiv:2510.08325)
example  samples query reliability --runs rl-7b --verifier math --ks 8,64 --taus 0.5,1

A tau is read as the decimal number that is written: 0.1 of 30 samples are 3 samples.
"""

from fractions import Fraction

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from samples_queries import Answer, Unanswerable
from samples_queries.chances import Floats, Integers, at_least, needed, share_of
from samples_queries.groups import Groups, distinct, groups
from samples_queries.problem_sets import settle


def answer(
    connection: duckdb.DuckDBPyConnection,
    *,
    runs: list[str],
    verifier: str,
    ks: list[int] | None,
    taus: list[float],
    problem_set: str,
) -> Answer:
    """Return a row for each run, each k that its problems reach, and each tau.

    Raises:
        Unanswerable: A tau is not in [0, 1], a k is below 1, no k is reached, or runs have no verdicts or no common
            problem.
    """
    wrong = [tau for tau in taus if not 0 <= tau <= 1]
    if wrong:
        raise Unanswerable(f"tau = {wrong[0]}: expected a share from 0 to 1")
    settled = settle(connection, runs, verifier, problem_set, ks=ks)
    judged = groups(connection, verifier)
    n, c, places = distinct((run.n, run.c) for run in judged)
    taus = sorted(set(taus))
    found: list[dict[str, object]] = []
    for k in map(int, settled.every_k):
        reached = n >= k
        tails = np.full((len(n), len(taus) + 1), np.nan)
        tails[reached] = at_least(n[reached], c[reached], k, [*(needed(tau, k) for tau in taus), k])
        for run, place in zip(judged, places, strict=True):
            if k in settled.ks[run.run]:
                found += _at(run, k, taus, tails[place])
    order = [(name, "ascending") for name in ("run", "dataset", "k", "tau")]
    return Answer(pa.Table.from_pylist(found).sort_by(order), settled.notes)


def _at(run: Groups, k: int, taus: list[float], tails: Floats) -> list[dict[str, object]]:
    """Return the rows of a run at k, one per tau; no row when no problem reaches k."""
    reached = run.n >= k
    if not reached.any():
        return []
    n, c, weights = run.n[reached], run.c[reached], run.problems[reached]
    problems = int(weights.sum())
    *passed, every = weights @ tails[reached] / problems
    return [
        {
            "run": run.run,
            "dataset": run.dataset,
            "verifier": run.verifier,
            "k": k,
            "problems": problems,
            "pass_hat_k": float(every),
            "tau": tau,
            "g_pass_at_k": float(chance),
            "cover_at_tau": int(weights @ _covers(n, c, share_of(tau))) / problems,
        }
        for tau, chance in zip(taus, passed, strict=True)
    ]


def _covers(n: Integers, c: Integers, tau: Fraction) -> npt.NDArray[np.bool_]:
    return c * tau.denominator >= n * tau.numerator
