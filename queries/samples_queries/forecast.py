"""forecast: pass@K for more samples than were drawn, from a beta-binomial fit over problems (arXiv:2510.05197).

group    accuracy
params   runs: runs, verifier: verifier, ks: ints = none, problem_set: problems
reads    verified
grain    run, dataset, verifier, k
columns  run, dataset, verifier, k, problems, pass_at_k, fit, alpha, beta, log_likelihood,
         fitted_at_1, observed_at_1, n, fitted_at_n, observed_at_n
means    ks: the values of K, at most a million; without them the four powers of two above the largest n
         k: K, the number of samples drawn from each problem
         problems: problems with a verified sample; the fit is to their counts
         pass_at_k: predicted pass@K of the fitted population, in [0, 1]; NULL when the counts say nothing about it
         fit: what was fitted: beta-binomial, or one of the limits listed below
         alpha: first parameter of the fitted beta distribution; NULL for a limit
         beta: second parameter of the fitted beta distribution; NULL for a limit
         log_likelihood: natural log of the probability of these counts under the fit
         fitted_at_1: pass@1 of the fitted population, in [0, 1]
         observed_at_1: unbiased pass@1 of the run, in [0, 1]
         n: a number of verified samples that at least half of the problems have
         fitted_at_n: pass@n of the fitted population, in [0, 1]
         observed_at_n: unbiased pass@n of the run, in [0, 1], over the problems with n samples
example  samples query forecast --runs base-7b --verifier math --ks 512,1024

The model: c of a problem's n samples are correct, c ~ BetaBinomial(n, alpha, beta), and alpha and beta are the same for
all problems. They are fitted by maximum likelihood. Then pass@K = 1 - B(alpha, beta + K) / B(alpha, beta). Trust it as
far as the fitted pass@1 and pass@n are close to the observed ones.

The likelihood can be largest in a limit of alpha and beta. `fit` then names the limit:

- binomial: the counts differ no more than by chance. All problems have the same chance p: pass@K is 1 - (1 - p)^K.
- all or nothing: each problem is solved by all of its samples or by none. More samples change nothing.
- solved always: every sample is correct. pass@K is 1.
- solved never: no sample is correct. This says nothing about more samples: pass@K is NULL.
- one sample: no problem has two samples. This says nothing about how problems differ: pass@K is NULL.
"""

import duckdb
import numpy as np
import pyarrow as pa

from samples_queries import Answer, Unanswerable
from samples_queries.betabinomial import Fit, fitted
from samples_queries.chances import all_wrong, means
from samples_queries.groups import Groups, groups
from samples_queries.problem_sets import settle

_FARTHEST = 10**6  # beyond so many samples, a fit to a few hundred says nothing
_DOUBLINGS = 4


def answer(
    connection: duckdb.DuckDBPyConnection, *, runs: list[str], verifier: str, ks: list[int] | None, problem_set: str
) -> Answer:
    """Return the forecast of each run at each K, with the fit behind it.

    Raises:
        Unanswerable: A K is below 1 or above a million, or there are no verdicts.
    """
    settled = settle(connection, runs, verifier, problem_set, counted=False)
    judged = groups(connection, verifier)
    power = max(run.most for run in judged).bit_length()
    wanted = [1 << (power + more) for more in range(_DOUBLINGS)] if ks is None else sorted(set(ks))
    if not wanted:
        raise Unanswerable("ks=all: there is no largest K to forecast; name some, as in ks=512,1024")
    if not 1 <= wanted[0] <= wanted[-1] <= _FARTHEST:
        raise Unanswerable(f"K = {wanted[0] if wanted[0] < 1 else wanted[-1]}: expected 1 to {_FARTHEST:,}")
    found: list[dict[str, object]] = []
    for run in judged:
        fit = fitted(run.n, run.c, run.problems)
        about = _about(run, fit)
        found += [
            {"run": run.run, "dataset": run.dataset, "verifier": run.verifier, "k": k}
            | {"problems": int(run.problems.sum()), "pass_at_k": fit.pass_at(k), **about}
            for k in wanted
        ]
    return Answer(pa.Table.from_pylist(found, schema=_SCHEMA), settled.notes)


def _about(run: Groups, fit: Fit) -> dict[str, object]:
    half = int(run.n[np.searchsorted(np.cumsum(run.problems), run.problems.sum() / 2)])
    observed = {
        k: float(means(1 - wrong, run.problems)[1][0])
        for k in (1, half)
        for _, wrong in all_wrong(run.n, run.c, np.array([k]))
        if wrong.size
    }
    return {
        "fit": fit.name,
        "alpha": fit.alpha,
        "beta": fit.beta,
        "log_likelihood": fit.log_likelihood,
        "fitted_at_1": fit.pass_at(1),
        "observed_at_1": observed[1],
        "n": half,
        "fitted_at_n": fit.pass_at(half),
        "observed_at_n": observed[half],
    }


_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("run", "dataset", "verifier")),
        *((name, pa.int64()) for name in ("k", "problems")),
        ("pass_at_k", pa.float64()),
        ("fit", pa.string()),
        *((name, pa.float64()) for name in ("alpha", "beta", "log_likelihood", "fitted_at_1", "observed_at_1")),
        ("n", pa.int64()),
        *((name, pa.float64()) for name in ("fitted_at_n", "observed_at_n")),
    ]
)
