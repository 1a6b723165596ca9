"""Simulate lakes, and count how often intervals and bands of pass@k, differences and crossings hold the truth.

A problem's chance of a correct sample is Beta(a, b), or 0 for a share of unsolvable problems. Run B of a comparison is
run A with its log-odds shifted, more for some problems than for others, or it loses a share of the problems. Each row
pools the populations and gives the lowest of them too. An interval of 95 % should hold in 93-97 %.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from samples_queries.chances import all_wrong, sums
from samples_queries.compare import compared
from samples_queries.crossing import crossed
from samples_queries.groups import Groups
from samples_queries.pairs import Pairs
from samples_queries.pass_at_k import curve

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

POPULATIONS = {
    "two heaps": (0.3, 0.7, 0.0),
    "hard": (0.5, 3.0, 0.0),
    "middling": (2.0, 2.0, 0.0),
    "two heaps, some unsolvable": (0.3, 0.7, 0.3),
    "hard, some unsolvable": (0.5, 3.0, 0.3),
}
# From A's chances to B's: how the log-odds move, how much more for some problems, and the share that is lost.
CHANGES = {"like A": (0.0, 0.0, 0.0), "better": (1.0, 1.0, 0.0), "5 % lost": (0.0, 0.0, 0.05)}
MANY = 200_000  # problems of a population from which the truth is computed
CROSSING = (0.5, 2.0, 0.2, 6.0)  # the base's Beta; the run solves so many never, and the others as with 6 samples


class Cell(NamedTuple):
    """Whether the interval at each k held, and whether all did: [lakes, ks] and [lakes]."""

    each: npt.NDArray[np.bool_]
    all: npt.NDArray[np.bool_]


def population(name: str, problems: int, rng: np.random.Generator) -> Floats:
    """Draw the chances of problems."""
    a, b, unsolvable = POPULATIONS[name]
    return rng.beta(a, b, problems) * (rng.random(problems) >= unsolvable)


def changed(chances: Floats, change: str, rng: np.random.Generator) -> Floats:
    """Return the chances of run B."""
    shift, spread, lost = CHANGES[change]
    odds = np.exp(shift + spread * rng.standard_normal(len(chances)))
    moved = chances * odds / (1 - chances + chances * odds) if shift else chances
    return moved * (rng.random(len(chances)) >= lost)


def truth(chances: Floats, ks: Integers) -> Floats:
    """Return the mean pass@k over these problems, [ks]."""
    return np.array([np.mean(1 - (1 - chances) ** k) for k in ks])


def one_run(chances: Floats, n: int, ks: Integers, rng: np.random.Generator, *, these: bool, band: bool) -> Any:
    """Draw a run of these problems; return its rows."""
    c, problems = np.unique(rng.binomial(n, chances), return_counts=True)
    run = Groups("a", "d", "v", np.full(len(c), n), c, problems)
    ((_, wrong),) = all_wrong(run.n, run.c, ks)
    return curve(run, ks, sums(1 - wrong, problems), {}, these=these, band=band)


def paired(first: Floats, second: Floats, n: int, rng: np.random.Generator) -> Pairs:
    """Draw two runs of these problems."""
    drawn = np.stack([rng.binomial(n, first), rng.binomial(n, second)], axis=1)
    counts, problems = np.unique(drawn, axis=0, return_counts=True)
    n_each = np.full(len(counts), n)
    return Pairs("d", n_each, counts[:, 0], n_each, counts[:, 1], problems, 0)


def held(rows: Any, wanted: Floats) -> npt.NDArray[np.bool_]:
    """Return whether the interval at each k holds what is wanted."""
    low, high = rows["low"].to_numpy(), rows["high"].to_numpy()
    return (low - 1e-12 <= wanted) & (wanted <= high + 1e-12)


def of_pass(name: str, problems: int, n: int, lakes: int, *, these: bool) -> Cell:
    """Simulate pass_at_k."""
    rng = np.random.default_rng(len(name) + n)
    ks = spread(n)
    whole = truth(population(name, MANY, rng), ks)
    each, every = [], []
    for _ in range(lakes):
        chances = population(name, problems, rng)
        wanted = truth(chances, ks) if these else whole
        again = int(rng.integers(1 << 32))
        plain, band = (
            one_run(chances, n, ks, np.random.default_rng(again), these=these, band=band) for band in (False, True)
        )
        each.append(held(plain, wanted))
        every.append(held(band, wanted).all())
    return Cell(np.array(each), np.array(every))


def of_difference(name: str, change: str, problems: int, n: int, lakes: int, *, these: bool) -> Cell:
    """Simulate compare."""
    rng = np.random.default_rng(len(name) + n)
    ks = spread(n)
    many = population(name, MANY, rng)
    whole = truth(many, ks) - truth(changed(many, change, rng), ks)
    each, every = [], []
    for _ in range(lakes):
        first = population(name, problems, rng)
        second = changed(first, change, rng)
        wanted = truth(first, ks) - truth(second, ks) if these else whole
        part = paired(first, second, n, rng)
        plain, band = (compared({}, part, ks, these=these, band=band) for band in (False, True))
        each.append(held(plain, wanted))
        every.append(held(band, wanted).all())
    return Cell(np.array(each), np.array(every))


def of_crossing(problems: int, n: int, lakes: int) -> tuple[float, float]:
    """Simulate crossing; return how often the interval holds the truth, and the share without a crossing."""
    a, b, never, sharper = CROSSING
    rng = np.random.default_rng(n + problems)
    many = rng.beta(a, b, MANY)
    ks = np.arange(1, n + 1)
    base, trained = truth(many, ks), (1 - never) * truth(1 - (1 - many) ** sharper, ks)
    behind = np.flatnonzero(trained < base)
    wanted = int(ks[behind[0]]) if len(behind) else n + 1
    holds, none = 0, 0.0
    for _ in range(lakes):
        first = rng.beta(a, b, problems)
        second = (1 - (1 - first) ** sharper) * (rng.random(problems) >= never)
        row = crossed(paired(first, second, n, rng), ks, ("a", "b"))
        low, high = (n + 1 if row[end] is None else row[end] for end in ("low", "high"))
        holds += low <= wanted <= high and row["leads_at_1"] == "b"
        none += row["k"] is None
    return holds / lakes, none / lakes


def spread(n: int) -> Integers:
    """Return the ks to try."""
    return np.unique([1, 4, 16, n // 2, n])


def pooled(cells: Iterator[Cell]) -> str:
    """Write down how often intervals at each k held, with the lowest population; then the same of bands."""
    found = list(cells)
    each, every = np.array([cell.each.mean(axis=0) for cell in found]), np.array([cell.all.mean() for cell in found])
    figures = " ".join(f"{mean:5.3f} ({least:.2f})" for mean, least in zip(each.mean(0), each.min(0), strict=True))
    return f"{figures}   band {every.mean():5.3f} ({every.min():.2f})"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lakes", type=int, default=60, help="of each population and setting")
    parser.add_argument("--only", choices=["pass_at_k", "compare", "crossing"])
    given = parser.parse_args()
    kinds = (("population", False), ("these", True))
    settings = [(problems, n) for problems in (30, 100, 300) for n in (16, 128)]

    def table(title: str, row: Callable[..., Iterator[Cell]]) -> None:
        for kind, these in kinds:
            for problems, n in settings:
                began = time.process_time()
                line = pooled(row(problems, n, these))
                seconds = time.process_time() - began
                named = ",".join(map(str, spread(n)))
                print(f"{title:24} {kind:10} {problems:4} x {n:4}, k {named:16} {line} {seconds:4.0f} s", flush=True)

    def curves(problems: int, n: int, these: bool) -> Iterator[Cell]:
        return (of_pass(name, problems, n, given.lakes, these=these) for name in POPULATIONS)

    def differences(change: str, problems: int, n: int, these: bool) -> Iterator[Cell]:
        return (of_difference(name, change, problems, n, given.lakes, these=these) for name in POPULATIONS)

    if given.only in {None, "pass_at_k"}:
        table("pass_at_k", curves)
    for change in CHANGES if given.only in {None, "compare"} else ():
        table(f"compare, {change}", partial(differences, change))
    for problems, n in settings if given.only in {None, "crossing"} else ():
        holds, none = of_crossing(problems, n, given.lakes)
        print(f"crossing {problems:4} x {n:4}: {holds:5.3f}, without a crossing {none:5.3f}", flush=True)


if __name__ == "__main__":
    main()
