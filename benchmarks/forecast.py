"""Measure the query forecast by hold-out: hide samples, forecast, and compare with what all samples show.

Its tables are in the docstring of samples_queries/forecast.py. math500_counts.json has the counts of MATH500 and names
their source, a rerun of arXiv:2504.13837: two runs of 128 samples. --counts measures counts of your own.
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from samples_queries import populations
from samples_queries.forecast import answer

Counts = npt.NDArray[np.int64]
MATH500 = Path(__file__).with_name("math500_counts.json")
Chances = Callable[[np.random.Generator, int], npt.NDArray[np.float64]]
POPULATIONS: dict[str, Chances] = {
    "Beta(.3, .7)": lambda rng, size: rng.beta(0.3, 0.7, size),
    "Beta(.2, 4)": lambda rng, size: rng.beta(0.2, 4, size),
    "30 % never, Beta(.5, 1)": lambda rng, size: rng.beta(0.5, 1, size) * (rng.random(size) > 0.3),
    "30 % never, Beta(2, 3)": lambda rng, size: rng.beta(2, 3, size) * (rng.random(size) > 0.3),
    "Beta(1, 12) or Beta(12, 1)": lambda rng, size: _either(rng, rng.beta(1, 12, size), rng.beta(12, 1, size)),
    "15 % never, Beta(.5, 8) or Beta(9, 1)": lambda rng, size: (
        _either(rng, rng.beta(0.5, 8, size), rng.beta(9, 1, size)) * (rng.random(size) > 0.15)
    ),
    "10 % never, .02 or .5": lambda rng, size: (
        _either(rng, np.full(size, 0.02), np.full(size, 0.5)) * (rng.random(size) > 0.1)
    ),
    "log-normal (-3, 2)": lambda rng, size: np.minimum(np.exp(rng.normal(-3, 2, size)), 1),
    "logit-normal (0, 3)": lambda rng, size: 1 / (1 + np.exp(-rng.normal(0, 3, size))),
}
SIZES = {"near": (500, 32, 128), "far": (500, 64, 1024), "few": (30, 64, 1024)}  # problems, n, K


def _either(
    rng: np.random.Generator, one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    return np.where(rng.random(len(one)) < 0.5, one, other)


def forecast(n: int, correct: Counts, k: int) -> tuple[float, float, float]:
    """Return pass@k, low and high, forecast from n samples of each problem."""
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.register("counts", pa.table({"c": correct}))
        connection.execute(
            f"""CREATE VIEW tallies AS
            SELECT 'a' AS run, 'd' AS dataset, 'v' AS verifier, row_number() OVER () AS problem_id, {n} AS n, c
            FROM counts"""
        )
        found = answer(connection, runs=["a"], verifier="v", ks=[k], problem_set="common")
    (row,) = found.rows.to_pylist()
    return row["pass_at_k"], row["low"], row["high"]


def show(name: str, forecasts: list[tuple[float, float, float]], truths: list[float]) -> None:
    """Print error, spread, share of intervals that hold the truth, and width; in percentage points."""
    (value, low, high), truth = np.array(forecasts).T, np.array(truths)
    error, inside = 100 * (value - truth), (low <= truth + 1e-9) & (truth <= high + 1e-9)
    width = 100 * (high - low).mean()
    print(f"{name:48}{error.mean():+6.1f}{error.std():6.1f}{inside.mean():8.0%}{width:7.1f}", flush=True)


def thinned(name: str, total: int, counts: Counts, parts: int) -> None:
    """Forecast from random parts of a run's samples, and compare with all of them."""
    for n in (8, 16, 32, 64):
        rng = np.random.default_rng(n)
        found = [forecast(n, rng.hypergeometric(counts, total - counts, n), total) for _ in range(parts)]
        show(f"{name}, n = {n}", found, [float((counts > 0).mean())] * parts)


def simulated(parts: int) -> None:
    """Forecast lakes that were made from known populations, and compare with the lakes' further samples."""
    for name, chances in POPULATIONS.items():
        for size, (problems, n, k) in SIZES.items():
            rng = np.random.default_rng(len(name))
            found: list[tuple[float, float, float]] = []
            truths: list[float] = []
            for _ in range(parts):
                chance = chances(rng, problems)
                correct, more = rng.binomial(n, chance), rng.binomial(k - n, chance)
                found.append(forecast(n, correct, k))
                truths.append(float((correct + more > 0).mean()))
            show(f"{name}, {size}", found, truths)


def seeds(parts: int) -> None:
    """Forecast the same counts with other seeds; print by how much pass@K and the ends of its interval differ."""
    print(f"{'':48}{'sd':>6}{'low':>6}{'high':>6}")
    for name, chances in POPULATIONS.items():
        for size, (problems, n, k) in SIZES.items():
            rng = np.random.default_rng(len(name))
            correct = rng.binomial(n, chances(rng, problems))
            found: list[tuple[float, float, float]] = []
            for seed in range(parts):
                populations.SEED = seed
                found.append(forecast(n, correct, k))
            value, low, high = 100 * np.array(found).std(axis=0)
            print(f"{name + ', ' + size:48}{value:6.2f}{low:6.2f}{high:6.2f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["published", "simulated", "seeds"], nargs="?", default="published")
    parser.add_argument("--parts", type=int, default=20, help="random parts or lakes in each row")
    parser.add_argument("--counts", type=Path, help="a file with the number of correct samples of a problem per line")
    parser.add_argument("--samples", type=int, default=128, help="samples of each problem of --counts")
    asked = parser.parse_args()
    if asked.what == "seeds":
        seeds(asked.parts)
        return
    print(f"{'':48}{'error':>6}{'sd':>6}{'inside':>8}{'width':>7}")
    if asked.counts:
        thinned(asked.counts.name, asked.samples, np.loadtxt(asked.counts, dtype=np.int64), asked.parts)
    elif asked.what == "simulated":
        simulated(asked.parts)
    else:
        published = json.loads(MATH500.read_text())
        for name in ("base", "trained"):
            thinned(name, published["n"], np.array(published[name]), asked.parts)


if __name__ == "__main__":
    main()
