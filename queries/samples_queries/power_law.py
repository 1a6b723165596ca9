"""power_law: -log pass@k as a power of k, with the exponent and its interval (Brown et al. 2024, arXiv:2407.21787).

group    accuracy
formula  -log(pass@k) = scale k^-exponent
params   runs: runs, verifier: verifier, ks: ints = none, problem_set: problems
reads    verified
grain    run, dataset, verifier, k
columns  run, dataset, verifier, k, problems, pass_at_k, minus_log, fit, exponent, low, high, scale, misfit
means    minus_log: -log(pass@k), natural log; NULL where no problem is solved
         fit: scale * k^-exponent, the law's -log(pass@k); NULL like the exponent, as are the columns after it
         exponent: how fast -log(pass@k) falls with k, fitted at the k of the answer; NULL with fewer than 3 of them at
           which pass@k is above 0 and below 1
         low: lower end of the 95 % interval of the exponent, over problems of this kind; NULL for one problem
         high: upper end of the 95 % interval of the exponent
         scale: the law's -log(pass@1)
         misfit: largest difference between pass@k and that of the law, exp(-fit), at the k of the fit, in [0, 1]
example  samples query power_law --runs base-7b,rl-7b --verifier math

The law is -log(pass@k) = scale * k^-exponent, a line on log-log axes. The line is that of least squares through the
logarithms of -log(pass@k) and k, each k of the answer with the same weight. It describes the k that are there: the
curve bends away from it where problems are left that no number of samples solves. `misfit` tells how far. `forecast`
says what more samples would show, and assumes no law.

The exponent says how many problems are very hard: where the chances p of a correct sample have a density like p^(b-1)
near 0, -log(pass@k) falls like k^-b for large k (Schaeffer et al. 2025, arXiv:2502.17578).

The interval is that of the bootstrap: problems are drawn again with their samples, 1,000 times with a fixed seed, the
law is fitted to each draw, and the middle 95 % of the exponents are taken. It is NULL where one draw in twenty has no
exponent.
"""

import duckdb
import numpy as np
import pyarrow as pa

from samples_queries import Answer
from samples_queries.chances import Floats, Integers, all_wrong
from samples_queries.groups import Groups, groups
from samples_queries.problem_sets import settle

_DRAWS, _AT_ONCE = 1000, 200
_SEED = 20_251_101
_LEVEL = 0.95
_FEWEST = 3  # points of a line whose slope says anything
_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("run", "dataset", "verifier")),
        *((name, pa.int64()) for name in ("k", "problems")),
        *(
            (name, pa.float64())
            for name in ("pass_at_k", "minus_log", "fit", "exponent", "low", "high", "scale", "misfit")
        ),
    ]
)


def answer(
    connection: duckdb.DuckDBPyConnection, *, runs: list[str], verifier: str, ks: list[int] | None, problem_set: str
) -> Answer:
    """Return pass@k and the fitted law of each run, at each k that its problems reach.

    Raises:
        Unanswerable: A k is below 1, no k is reached, or runs have no verdicts or no common problem.
    """
    settled = settle(connection, runs, verifier, problem_set, ks=ks)
    found = [row for run in groups(connection, verifier) for row in _rows(run, settled.ks[run.run])]
    return Answer(pa.Table.from_pylist(found, schema=_SCHEMA), settled.notes)


def _rows(run: Groups, ks: Integers) -> list[dict[str, object]]:
    wrong = np.concatenate([block for _, block in all_wrong(run.n, run.c, ks)], axis=1)
    there = (~np.isnan(wrong)).astype(np.float64)
    wrong = np.nan_to_num(wrong)
    weights = run.problems.astype(np.float64)[None]
    problems, minus_log = (weights @ there)[0], _minus_log(weights, wrong, there)
    passed = np.exp(-minus_log[0])
    (exponent,), (scale,) = _lines(np.log(ks), minus_log)
    law = scale * ks**-exponent
    misfit = float(np.max(np.abs(np.exp(-law) - passed), where=_usable(minus_log[0]), initial=0.0))
    low, high = _interval(run.problems, wrong, there, np.log(ks))
    same = {"run": run.run, "dataset": run.dataset, "verifier": run.verifier}
    fitted = {"exponent": _known(exponent), "scale": _known(scale), "low": low, "high": high}
    fitted["misfit"] = None if fitted["exponent"] is None else misfit
    return [
        {
            **same, "k": int(k), "problems": int(problems[at]), "pass_at_k": float(passed[at]),
            "minus_log": _known(minus_log[0, at]), "fit": _known(law[at]), **fitted,
        }
        for at, k in enumerate(ks)
        if problems[at]
    ]  # fmt: skip


def _minus_log(weights: Floats, wrong: Floats, there: Floats) -> Floats:
    """Return -log pass@k, [draws, ks], where groups have these weights, [draws, groups]; infinite where none is solved.

    A chance near 1 keeps its digits: the mean chance that all samples are wrong is summed, not 1 minus it.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return -np.log1p(-np.minimum((weights @ wrong) / (weights @ there), 1.0))


def _usable(minus_log: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    return np.isfinite(minus_log) & (minus_log > 0)


def _lines(logs: Floats, minus_log: Floats) -> tuple[Floats, Floats]:
    """Return the exponent and the scale of each row of `minus_log`, [draws, ks]; NaN with too few points."""
    usable = _usable(minus_log)
    count = usable.sum(axis=1)
    heights = np.log(minus_log, out=np.zeros_like(minus_log), where=usable)
    at = np.where(usable, logs, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        x, y = at.sum(axis=1) / count, heights.sum(axis=1) / count
        across = np.where(usable, logs - x[:, None], 0.0)
        slope = (across * (heights - y[:, None])).sum(axis=1) / (across * across).sum(axis=1)
        scale = np.exp(y - slope * x)
    enough = count >= _FEWEST
    return np.where(enough, -slope, np.nan), np.where(enough, scale, np.nan)


def _interval(problems: Integers, wrong: Floats, there: Floats, logs: Floats) -> tuple[float | None, float | None]:
    """Return the ends of the exponent's interval; None where it is not known."""
    total = int(problems.sum())
    if total == 1:
        return None, None
    generator = np.random.default_rng(_SEED)
    drawn: list[Floats] = []
    for _ in range(_DRAWS // _AT_ONCE):
        weights = generator.multinomial(total, problems / total, size=_AT_ONCE).astype(np.float64)
        drawn.append(_lines(logs, _minus_log(weights, wrong, there))[0])
    exponents = np.concatenate(drawn)
    exponents = exponents[np.isfinite(exponents)]
    if len(exponents) < _LEVEL * _DRAWS:
        return None, None
    low, high = np.quantile(exponents, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2]).tolist()
    return low, high


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
