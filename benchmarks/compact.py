"""Measure what compaction costs, and how a lake answers before and after it.

Goal: a lake of 10^5 units answers as fast as one that was written in one piece.

A run of one file per unit of 8 samples, as ingest commits it, is asked five questions. Then it is compacted, and asked
again. Then its rows are written once more, to another lake, in one file per table, and this one is asked. Each question
is a command in a process of its own. Memory of the compaction and bytes per token of completions are printed, too.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import lakes
import numpy as np
from commands import measured

from samples.api import Lake
from samples.engines import Completion, Sampling
from samples.ingest.segment import committer, write
from samples.lake.files import snapshot_files
from samples.runs.record import record
from samples.runs.request import Request, prepare
from samples.runs.run import Run
from samples.units.plan import Unit
from samples_schemas import TABLES

WIDTH, TOKENS, TOGETHER = 8, 50, 500  # samples of a unit; tokens of a completion; units of a commit
QUESTIONS = {
    "runs": ("runs",),
    "pass_at_k": ("query", "pass_at_k"),
    "lengths": ("query", "lengths"),
    "one problem": ("sql", "SELECT text FROM completions WHERE problem_id = 'p00007'"),
    "all tokens": ("sql", "SELECT sum(len(token_ids)) FROM completions", "--seconds", "600"),
}


def fill(folder: Path, units: int) -> Lake:
    """Make a lake of so many units, each of another problem, and print what that took."""
    rows = [{"id": f"p{n:05}", "question": f"{n}?", "answer": "1"} for n in range(units)]
    (folder / "set.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    lake = Lake(str(folder / "units"), create=True)
    run = _run(lake, folder)
    ours, rng, began = committer(lake, run), np.random.default_rng(0), time.perf_counter()
    for first in range(0, units, TOGETHER):
        ids = [f"p{n:05}" for n in range(first, min(units, first + TOGETHER))]
        ours.commit([write(lake, run, Unit(name, 0, WIDTH), range(WIDTH), _completions(rng)) for name in ids])
    print(f"{units:,} units of {WIDTH} samples, written in {time.perf_counter() - began:.0f} s")
    lakes.judge(lake, run, units, WIDTH, "math")
    return lake


def in_one_piece(lake: Lake, folder: Path) -> Lake:
    """Write the rows of a run to another lake, in one file per table."""
    whole = Lake(str(folder / "whole"), create=True)
    run = _run(whole, folder)
    for name in ("completions", "samples", "verdicts"):
        more = {"verifier": "math"} if name == "verdicts" else {}
        rows = lake.read(name)
        kept = rows.select([field for field in TABLES[name].file_schema.names if field in rows.column_names])
        partition = {**more, **({"run_id": run.run_id} if more else run.partition)}
        facts = {b"samples.facts": b"of a benchmark"}
        whole.commit(name, [(whole.put(name, kept, partition, facts), partition)])
    return whole


def ask(lake: Lake, said: str) -> dict[str, float]:
    """Ask all questions, print what each took, and return the CPU seconds."""
    files = sum(len(list(snapshot_files(lake, TABLES[name]))) for name in ("completions", "samples", "verdicts"))
    size = sum(file.size for file in snapshot_files(lake, TABLES["completions"]))
    tokens = lake.read("samples", ["tokens"])["tokens"].to_numpy().sum()
    print(f"\n{said}: {files:,} files, {size / tokens:.2f} bytes per token")
    found: dict[str, float] = {}
    for name, words in QUESTIONS.items():
        took = measured(*words, "--lake", lake.uri)
        found[name] = took.cpu
        print(f"  {name:12} {took}", flush=True)
    return found


def _run(lake: Lake, folder: Path) -> Run:
    given = Request(str(folder / "set.jsonl"), "toy", 1, lake.uri, name="base", engine="toy", sampling=Sampling())
    return record(lake, prepare(given))


def _completions(rng: np.random.Generator) -> list[Completion]:
    made: list[Completion] = []
    for _ in range(WIDTH):
        ids = rng.integers(0, 100_000, TOKENS, dtype=np.int32)
        logs = (-rng.exponential(0.4, TOKENS)).astype(np.float32)
        made.append(Completion(f"The answer is {ids[0]}.", ids, logs, finish_reason="stop"))
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--units", type=int, default=100_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="samples-bench-") as name:
        lake = fill(Path(name), given.units)
        before = ask(lake, "as ingest left it")
        print(f"\ncompaction: {measured('compact', '--quiet', '--lake', lake.uri)}")
        after = ask(lake, "compacted")
        whole = ask(in_one_piece(lake, Path(name)), "written in one piece")
    print("\nCPU seconds of one piece / of the compacted lake, and / of the lake as ingest left it (1 is as fast)")
    for question, seconds in whole.items():
        print(f"  {question:12} {seconds / after[question]:6.2f} {seconds / before[question]:6.2f}")


if __name__ == "__main__":
    main()
