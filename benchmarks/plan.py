"""Measure seconds and peak memory to plan a top-up of a large lake from k 1000 to 1024.

Goal: under 5 s and 1 GiB on two cores.

The lake has 10^4 problems x 1000 samples, and is built as ingest builds it. `samples` gets a file of 40,000 rows per
commit. `completions` names one segment per unit, 160,000 in all. They are empty files on disk, so that the search for
uncommitted segments takes its real time. "before Ray" is samples.ingest.ingest as a person runs it, up to the point
where it would start Ray; it includes prepare, which reads problems and renders prompts. While the lake grows, the
benchmark times a commit of 16 units, and computes the share of the driver's time that such commits take, given the
pause that ingest makes between commits.

Peaks are the VmHWM of new processes, because ru_maxrss starts at the parent's peak.
"""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from samples.api import Lake
from samples.ingest.ingest import ingest
from samples.ingest.plan import plan
from samples.ingest.segment import committer
from samples.lake import parquet
from samples.lake.pace import COMMIT_SECONDS, COMMIT_SHARE
from samples.lake.parquet import File
from samples.lake.tables import folder
from samples.runs.record import record
from samples.runs.request import Prepared, Request, prepare
from samples.runs.settings import digest
from samples.units import driver
from samples.units.plan import CELL, Unit
from samples.units.segment import Receipt
from samples_schemas import COMPLETIONS, SAMPLES

K, TOP_UP, PER_FILE, UNITS = 1000, 1024, 40_000, 16


def request(where: Path) -> Request:
    """Return the request for the top-up."""
    return Request(str(where / "sums.jsonl"), "toy", TOP_UP, str(where / "lake"), engine="toy")


def facts_of(ids: list[str], start: int, stop: int) -> pa.Table:
    """Return rows of table samples: indices `start` to `stop` of these problems."""
    width, rng = stop - start, np.random.default_rng(start)
    count = len(ids) * width
    each = pa.array(np.repeat(np.arange(len(ids)), width))
    rows = {
        "problem_id": pa.array(ids).take(each),
        "sample_index": pa.array(np.tile(np.arange(start, stop, dtype=np.int32), len(ids))),
        "tokens": rng.integers(10, 4000, count, dtype=np.int32),
        "cumulative_logprob": rng.normal(-300, 100, count),
        "finish_reason": ["stop"] * count,
        "stop_reason": pa.nulls(count, pa.string()),
        "seed": rng.integers(0, 2**62, count),
        "attempt": pa.array([os.urandom(8).hex() for _ in ids]).take(each),
        "error": pa.nulls(count, pa.string()),
    }
    return pa.table(rows, schema=SAMPLES.file_schema)


def segment(prepared: Prepared, problem: str, start: int, stop: int) -> File:
    """Return the entry of a commit for the file of one unit's completions."""
    stem = f"unit-{digest(problem)}-{start}-{stop}-{os.urandom(8).hex()}"
    stats = {"problem_id": problem, "sample_index": start}, {"problem_id": problem, "sample_index": stop - 1}
    nulls = {"problem_id": 0, "sample_index": 0}
    stated = {"numRecords": stop - start, "minValues": stats[0], "maxValues": stats[1], "nullCount": nulls}
    return File(
        f"{folder(COMPLETIONS, prepared.run.partition)}{stem}.parquet", 500_000, stop - start, json.dumps(stated)
    )


def build(where: Path, problems: int) -> None:
    """Build the lake, cell by cell, and print the cost of a commit at several sizes."""
    rows = [{"id": f"p{n:06d}", "question": f"What is {n} + {n}?", "answer": str(2 * n)} for n in range(problems)]
    (where / "sums.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    prepared = prepare(request(where))
    run, lake = prepared.run, Lake(prepared.request.lake, create=True)
    record(lake, prepared)
    ids = [problem.problem_id for problem in prepared.problems.problems]
    total = problems * -(-K // CELL)
    named, marks = 0, [0, total // 4, total // 2, total]
    print(f"segments committed   s per commit of {UNITS} units   of driver time   pause   files in samples   load")
    for start in range(0, K, CELL):
        stop = min(start + CELL, K)
        for first in range(0, problems, PER_FILE // (stop - start)):
            while marks and named >= marks[0]:
                time_commits(lake, prepared, ids, marks.pop(0))
            some = ids[first : first + PER_FILE // (stop - start)]
            files = [segment(prepared, problem, start, stop) for problem in some]
            for file in files:
                path = where / "lake" / COMPLETIONS.name / file.path
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch()
            lake.commit(COMPLETIONS.name, [(file, run.partition) for file in files])
            file = lake.put(SAMPLES.name, facts_of(some, start, stop), run.partition)
            lake.commit(SAMPLES.name, [(file, run.partition)])
            named += len(files)
    time_commits(lake, prepared, ids, named)


def time_commits(lake: Lake, prepared: Prepared, ids: list[str], named: int) -> None:
    """Commit new units beyond the top-up six times, and print the median time."""
    ours, times = committer(lake, prepared.run), list[float]()
    for number in range(6):
        start = TOP_UP + CELL * (6 * named + number)
        receipts: list[Receipt] = []
        for problem in ids[:UNITS]:
            facts = facts_of([problem], start, start + CELL)
            file = segment(prepared, problem, start, start + CELL)
            receipts.append(
                Receipt(
                    Unit(problem, start, start + CELL),
                    File(file.path, file.size, CELL, parquet.stats(facts)),
                    facts,
                    0,
                )
            )
        began = time.perf_counter()
        assert len(ours.commit(receipts)) == len(receipts)
        times.append(time.perf_counter() - began)
    took = statistics.median(times[1:])
    pause = max(COMMIT_SECONDS, COMMIT_SHARE * took)
    count = len(lake.dataset(SAMPLES.name).files)  # pyright: ignore[reportAttributeAccessIssue]  # this dataset has files
    print(
        f"{named:18,} {took:27.3f} {took / (took + pause):16.1%} {pause:5.1f} s {count:18} {os.getloadavg()[0]:6.1f}",
        flush=True,
    )


class RayWouldStart(Exception):
    """Ends the measurement "before Ray"."""


def until_ray(where: Path) -> None:
    """Run the ingest up to the point where it would start Ray."""

    def cluster() -> Any:
        raise RayWouldStart

    driver.cluster = cluster  # pyright: ignore[reportPrivateImportUsage]  # what it starts Ray with
    with contextlib.suppress(RayWouldStart):
        ingest(prepare(request(where)))


def plan_alone(where: Path) -> None:
    """Plan, and check the plan."""
    lake = Lake(str(where / "lake"))
    run = lake.read("runs", ["dataset", "run_id"]).to_pylist()[0]
    ids = lake.read("prompts", ["problem_id"])["problem_id"].to_pylist()
    todo = plan(lake, run["dataset"], run["run_id"], ids, TOP_UP)
    assert todo.missing == len(ids) * (TOP_UP - K), todo.missing


def peak() -> float:
    """Return the peak memory of this process in MiB."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--problems", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--measure", nargs=2, metavar=("WHAT", "FOLDER"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        before, began = peak(), time.perf_counter()
        {"plan": plan_alone, "before Ray": until_ray}[given.measure[0]](Path(given.measure[1]))
        print(json.dumps([time.perf_counter() - began, peak(), before]))
        return
    with tempfile.TemporaryDirectory(prefix="samples-bench-") as where:
        build(Path(where), given.problems)
        print(f"\n{given.problems * K:,} samples, top-up to k = {TOP_UP} (goal 5 s and 1024 MiB)")
        print("               of 5 s   of 1 GiB   seconds   peak MiB   MiB after imports   load")
        for what in ("plan", "before Ray"):
            command = [sys.executable, __file__, "--measure", what, where]
            runs = [
                json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
                for _ in range(given.repeats)
            ]
            took, held, before = (statistics.median(column) for column in zip(*runs, strict=True))
            print(
                f"{what:12} {took / 5:8.2f} {held / 1024:10.2f} {took:9.2f} {held:10.0f} {before:19.0f} "
                f"{os.getloadavg()[0]:6.1f}"
            )


if __name__ == "__main__":
    main()
