"""Planning a top-up of a large lake, k 1000 to 1024: seconds and peak memory. Goal: under 5 s and 1 GiB.

The lake has 10^4 problems x 1000 samples in the narrow table, a file per commit, and a segment's file for each of
its 160,000 units, empty but named as real ones, so that looking for segments nobody committed costs what it costs.
"""

import argparse
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa

from samples.commit import Committer
from samples.lake import Lake
from samples.plan import CELL, plan
from samples.run import Run, digest
from samples_schemas import SAMPLES

K, TOP_UP, PER_FILE = 1000, 1024, 50_000
RUN = Run("bench", "set", "toy", "toy", {"sampling": {}}, {})


def build(uri: str, problems: int) -> None:
    """Make the lake, vectorised: cell by cell, as ingest commits."""
    lake = Lake(uri, create=True)
    ids = pa.array([f"problem-{number:06d}" for number in range(problems)])
    files = []
    for start in range(0, K, CELL):
        width = min(CELL, K - start)
        for first in range(0, problems, PER_FILE // width):
            some = ids[first : first + PER_FILE // width]
            count = len(some) * width
            rows = {
                "problem_id": some.take(pa.array(np.repeat(np.arange(len(some)), width))),
                "sample_index": pa.array(np.tile(np.arange(start, start + width, dtype=np.int32), len(some))),
                "tokens": np.random.default_rng(first).integers(10, 4000, count, dtype=np.int32),
                "cumulative_logprob": np.random.default_rng(first).normal(-300, 100, count),
                "finish_reason": ["stop"] * count,
                "stop_reason": pa.nulls(count, pa.string()),
                "seed": np.random.default_rng(first).integers(0, 2**62, count),
                "attempt": pa.array([f"{unit:016x}" for unit in range(len(some)) for _ in range(width)]),
                "error": pa.nulls(count, pa.string()),
            }
            table = pa.table(rows, schema=SAMPLES.file_schema)
            files.append((lake.put(SAMPLES.name, table, RUN.partition), RUN.partition))
    lake.commit(SAMPLES.name, files)
    folder = Path(uri, "completions", "dataset=set", f"run_id={RUN.run_id}")
    folder.mkdir(parents=True)
    for problem in ids.to_pylist():
        for start in range(0, K, CELL):
            (folder / f"unit-{digest(problem)}-{start}-{min(start + CELL, K)}-{0:016x}.parquet").touch()


def measure(uri: str, problems: int, adopt: bool) -> None:
    """Plan in this fresh process and print seconds and MiB."""
    lake = Lake(uri)
    ids = [f"problem-{number:06d}" for number in range(problems)]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    todo = plan(lake, RUN.dataset, RUN.run_id, ids, TOP_UP)
    if adopt:
        assert Committer(lake, RUN).adopt(todo) == []
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert todo.missing == problems * (TOP_UP - K)
    print(f"{seconds:.2f} s, peak {peak / 1024:.0f} MiB ({before / 1024:.0f} before planning)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--problems", type=int, default=10_000)
    parser.add_argument("--measure", nargs=2, metavar=("URI", "ADOPT"))
    given = parser.parse_args()
    if given.measure:
        measure(given.measure[0], given.problems, given.measure[1] == "yes")
        return
    folder = tempfile.mkdtemp()
    try:
        build(f"{folder}/lake", given.problems)
        print(f"{given.problems * K:,} samples, top-up to k = {TOP_UP} (goal: 5 s, 1024 MiB)")
        for label, adopt in (("plan alone", "no"), ("plan, and look for lost segments", "yes")):
            print(f"  {label}: ", end="", flush=True)
            command = [
                sys.executable,
                __file__,
                "--problems",
                str(given.problems),
                "--measure",
                f"{folder}/lake",
                adopt,
            ]
            subprocess.run(command, check=True)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
