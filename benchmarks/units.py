"""Measure what a lake of very many units costs: its log, a commit, planning, and a first look.

Goal: every cost grows no faster than the number of units. A top-up of 10^7 samples is planned in under 5 s and 1 GiB:
`--units 160000 --width 64`.

A problem has 16 units. The lake is built as ingest builds it: a commit adds the segments of 5,000 units to
`completions`, and one file of their rows to `samples`. Segments are empty files on disk, so that the search for
uncommitted segments takes its real time. Questions get a verdict on each sample.

"before Ray" is samples.ingest.ingest as a person runs it, for one more unit of each problem, up to the point where it
would start Ray. It includes prepare, which reads problems and renders prompts. "a commit" adds 16 units to the complete
lake. Each line is a process of its own. Its peak is VmHWM, because ru_maxrss starts at the parent's peak.
"""

import argparse
import contextlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import lakes
import numpy as np
import pyarrow as pa
from commands import Measured, measured

from samples.api import Lake
from samples.ingest.ingest import ingest
from samples.ingest.segment import committer
from samples.lake import parquet
from samples.lake.pace import COMMIT_SECONDS, COMMIT_SHARE
from samples.lake.parquet import File
from samples.lake.tables import folder
from samples.runs.record import record
from samples.runs.request import Prepared, Request, prepare
from samples.runs.settings import digest
from samples.units import driver
from samples.units.plan import Unit
from samples.units.segment import Receipt
from samples_schemas import COMPLETIONS, SAMPLES

PER_PROBLEM, TOGETHER, COMMITTED = 16, 5000, 16  # units of a problem, of a commit of the build, of the measured commit
QUESTIONS = {
    "runs": ("runs",),
    "lengths": ("query", "lengths"),
    "pass_at_k": ("query", "pass_at_k", "--ks", "1,100"),
    "one problem": ("sql", "SELECT count(*) FROM samples WHERE problem_id = 'p00007'"),
}


def request(where: Path, width: int, units: int) -> Request:
    """Return a request for so many units of each problem."""
    return Request(str(where / "sums.jsonl"), "toy", units * width, str(where / "lake"), engine="toy", unit=width)


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


def build(where: Path, problems: int, width: int) -> None:
    """Build the lake, `PER_PROBLEM` units of each problem."""
    rows = [{"id": f"p{n:05}", "question": f"What is {n} + {n}?", "answer": str(2 * n)} for n in range(problems)]
    (where / "sums.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    prepared = prepare(request(where, width, PER_PROBLEM))
    run, lake = prepared.run, Lake(prepared.request.lake, create=True)
    record(lake, prepared)
    ids = [problem.problem_id for problem in prepared.problems.problems]
    for start in range(0, PER_PROBLEM * width, width):
        for first in range(0, problems, TOGETHER):
            some = ids[first : first + TOGETHER]
            files = [segment(prepared, problem, start, start + width) for problem in some]
            for file in files:
                path = where / "lake" / COMPLETIONS.name / file.path
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch()
            lake.commit(COMPLETIONS.name, [(file, run.partition) for file in files])
            file = lake.put(SAMPLES.name, facts_of(some, start, start + width), run.partition)
            lake.commit(SAMPLES.name, [(file, run.partition)])
    lakes.judge(lake, run, problems, PER_PROBLEM * width, "math")


def a_commit(where: Path, width: int) -> float:
    """Commit some units beyond the top-up six times, and return the median of the last five in seconds."""
    prepared, times = prepare(request(where, width, PER_PROBLEM)), list[float]()
    ids = [problem.problem_id for problem in prepared.problems.problems[:COMMITTED]]
    ours = committer(Lake(prepared.request.lake), prepared.run)
    for number in range(6):
        start = width * (2 * PER_PROBLEM + number)
        receipts: list[Receipt] = []
        for problem in ids:
            facts, file = facts_of([problem], start, start + width), segment(prepared, problem, start, start + width)
            entry = File(file.path, file.size, width, parquet.stats(facts))
            receipts.append(Receipt(Unit(problem, start, start + width), entry, facts, 0))
        began = time.perf_counter()
        assert len(ours.commit(receipts)) == len(receipts)
        times.append(time.perf_counter() - began)
    return statistics.median(times[1:])


class RayWouldStart(Exception):
    """Ends the measurement "before Ray"."""


def until_ray(where: Path, width: int) -> float:
    """Run the ingest up to the point where it would start Ray, and return the seconds."""

    def cluster() -> Any:
        raise RayWouldStart

    driver.cluster = cluster  # pyright: ignore[reportPrivateImportUsage]  # what it starts Ray with
    began = time.perf_counter()
    with contextlib.suppress(RayWouldStart):
        ingest(prepare(request(where, width, PER_PROBLEM + 1)))
    return time.perf_counter() - began


PARTS = {"a commit": a_commit, "before Ray": until_ray}


def in_a_process(what: str, where: Path, width: int) -> Measured:
    """Measure one of `PARTS` in a process of its own."""
    command = [sys.executable, __file__, "--measure", what, str(where), str(width)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    return Measured(*json.loads(done.stdout.splitlines()[-1]))


def measure(what: str, where: Path, width: int) -> None:
    """Print what one of `PARTS` took in this process, as JSON."""
    seconds = PARTS[what](where, width)
    used = resource.getrusage(resource.RUSAGE_SELF)
    peak = int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1024
    print(json.dumps([seconds, used.ru_utime + used.ru_stime, peak, 0]))


def log_sizes(where: Path) -> tuple[int, float, float]:
    """Return the files in the log of completions, their MB, and the MB of the newest checkpoint."""
    files = list((where / "lake" / COMPLETIONS.name / "_delta_log").iterdir())
    points = [file for file in files if file.name.endswith(".parquet")]
    newest = max(points, key=lambda file: file.name).stat().st_size if points else 0
    return len(files), sum(file.stat().st_size for file in files) / 1e6, newest / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--units", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--width", type=int, default=8, help="samples of a unit")
    parser.add_argument("--measure", nargs=3, metavar=("WHAT", "FOLDER", "WIDTH"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        measure(given.measure[0], Path(given.measure[1]), int(given.measure[2]))
        return
    for units in given.units:
        problems = units // PER_PROBLEM
        with tempfile.TemporaryDirectory(prefix="samples-bench-") as name:
            where, began = Path(name), time.perf_counter()
            build(where, problems, given.width)
            took, (count, size, point) = time.perf_counter() - began, log_sizes(where)
            print(f"\n{problems * PER_PROBLEM:,} units of {given.width} samples, built in {took:.0f} s")
            print(f"  log of completions: {count:,} files, {size:,.0f} MB; checkpoint {point:,.1f} MB")
            for what in PARTS:
                found = in_a_process(what, where, given.width)
                more = ""
                if what == "a commit":
                    pause = max(COMMIT_SECONDS, COMMIT_SHARE * found.seconds)
                    more = f"; {found.seconds:.2f} s each, every {pause:.0f} s"
                print(f"  {what:12} {found}{more}", flush=True)
            for question, words in QUESTIONS.items():
                print(f"  {question:12} {measured(*words, '--lake', str(where / 'lake'))}", flush=True)


if __name__ == "__main__":
    main()
