"""Measure the cost of everything around an engine: samples/s, and the driver's CPU per unit as units add up.

The toy engine draws at almost no cost. First, after a warm-up in another lake, one lake is topped up in equal steps.
Each step is one ingest, all in the same Ray. Then one ingest draws all units into a new lake. Goal: no cost grows with
the units already committed or with the units of one plan, so "last over first" is near 1. Driver CPU is the CPU time of
this process.
"""

import argparse
import itertools
import json
import os
import tempfile
import time
from pathlib import Path

from samples.engines import Placement, Sampling
from samples.ingest.ingest import ingest
from samples.pipeline.cluster import cluster
from samples.runs.request import Pool, Prepared, Request, prepare
from samples.units.progress import Progress

UNIT = 64


def request(folder: Path, lake: str, units: int) -> Prepared:
    """Return the request for `units` units of each problem."""
    return prepare(
        Request(
            str(folder / "sums.jsonl"), "toy?tokens=100", units * UNIT, str(folder / lake), engine="toy",
            sampling=Sampling(max_tokens=200), placement=Placement(max_num_seqs=256), pool=Pool(1, 1),
        )
    )  # fmt: skip


def topped_up(folder: Path, problems: int, units: int, steps: int) -> None:
    """Print the cost of each top-up."""
    print(f"top-ups of {problems * units:,} units\ncommitted before   samples/s   driver ms/unit   seconds   load")
    costs: list[float] = []
    for step in range(steps):
        cpu, wall = time.process_time(), time.perf_counter()
        summary = ingest(request(folder, "lake", (step + 1) * units))
        assert summary.drawn == problems * units * UNIT, summary
        costs.append((time.process_time() - cpu) / problems / units * 1000)
        print(
            f"{step * problems * units:16,} {summary.drawn / summary.seconds:11,.0f} {costs[-1]:16.1f} "
            f"{time.perf_counter() - wall:9.1f} {os.getloadavg()[0]:6.1f}",
            flush=True,
        )
    print(f"last over first: {costs[-1] / costs[0]:.2f}\n")


def at_once(folder: Path, problems: int, units: int) -> None:
    """Print the cost of each thousand units within one ingest, by the progress that it reports."""
    print(f"one ingest of {problems * units:,} units\n      units done   samples/s   driver ms/unit")
    marks: list[tuple[int, float, float]] = []

    def watch(progress: Progress) -> None:
        done = progress.samples_done // UNIT
        if progress.samples_done and (not marks or done >= marks[-1][0] + 1000):
            marks.append((done, time.process_time(), time.perf_counter()))

    cpu, wall = time.process_time(), time.perf_counter()
    summary = ingest(request(folder, "at-once", units), watch=watch)
    assert not summary.missing, summary
    costs: list[float] = []
    for (before, cpu_0, wall_0), (done, cpu_1, wall_1) in itertools.pairwise(marks):
        costs.append((cpu_1 - cpu_0) / (done - before) * 1000)
        print(f"{done:16,} {(done - before) * UNIT / (wall_1 - wall_0):11,.0f} {costs[-1]:16.1f}")
    total, seconds = (time.process_time() - cpu) / problems / units * 1000, time.perf_counter() - wall
    print(f"           whole {summary.drawn / seconds:11,.0f} {total:16.1f}")
    if costs:
        print(f"last over first: {costs[-1] / costs[0]:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--problems", type=int, default=100)
    parser.add_argument("--units", type=int, default=10, help="units per problem and step")
    parser.add_argument("--steps", type=int, default=8)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="samples-bench-") as name:
        folder = Path(name)
        rows = [{"id": f"s{n}", "question": f"What is {n} + {n}?", "answer": str(2 * n)} for n in range(given.problems)]
        (folder / "sums.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        with cluster():
            ingest(request(folder, "warm-up", 1))
            topped_up(folder, given.problems, given.units, given.steps)
            at_once(folder, given.problems, given.units * given.steps)


if __name__ == "__main__":
    main()
