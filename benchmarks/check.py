"""Measure CPU seconds, peak memory and bytes read of `samples check` on large lakes, as a person runs it.

Goal: 10^7 samples within 4 GiB.

A lake has samples, completions of about 50 tokens, and verdicts, in files of 10^5 rows, as compaction leaves them.
Without --deep no token is read, so their number does not matter; with it, time grows with bytes. Then the same for a
lake of one file per unit of 64, as ingest leaves it, where footers take the time.
"""

import argparse
import os
import tempfile
from pathlib import Path

import lakes
import numpy as np
import pyarrow as pa
from commands import measured

from samples.api import Lake
from samples.engines import Sampling
from samples.runs.record import record
from samples.runs.request import Request, prepare
from samples.units.segment import lists

PER_PROBLEM = 64


def fill(folder: Path, problems: int, together: int) -> Lake:
    """Make a lake of `problems` problems x 64 samples, of which `together` problems share a file."""
    (folder / "set.jsonl").write_text("".join(f'{{"id": "p{n:05}", "question": "{n}?", "answer": "1"}}\n'
                                              for n in range(problems)))  # fmt: skip
    lake = Lake(str(folder / "lake"), create=True)
    run = record(lake, prepare(Request(
        str(folder / "set.jsonl"), "toy?bigram=26", 1, lake.uri, name="base", engine="toy", sampling=Sampling()
    )))  # fmt: skip
    rng = np.random.default_rng(0)
    narrow, heavy = [], []
    for first in range(0, problems, together):
        ids = [f"p{n:05}" for n in range(first, min(problems, first + together))]
        size = len(ids) * PER_PROBLEM
        tokens = rng.integers(10, 90, size, dtype=np.int32)
        ends = np.cumsum(tokens)
        logs = -rng.exponential(0.4, ends[-1]).astype(np.float32)
        key = {
            "problem_id": np.repeat(ids, PER_PROBLEM),
            "sample_index": np.tile(np.arange(PER_PROBLEM, dtype=np.int32), len(ids)),
            "attempt": np.repeat([os.urandom(8).hex() for _ in ids], PER_PROBLEM),
        }
        facts = {
            **key,
            "tokens": tokens,
            "cumulative_logprob": np.add.reduceat(logs.astype(np.float64), ends - tokens),
            "finish_reason": ["stop"] * size,
            "stop_reason": pa.nulls(size, pa.string()),
            "seed": rng.integers(0, 1 << 62, size),
            "error": pa.nulls(size, pa.string()),
        }
        payload = {
            **key,
            "text": [f"text {n} of {first}" for n in range(size)],
            "token_ids": lists(np.split(rng.integers(0, 100_000, ends[-1], dtype=np.int32), ends[:-1]), np.int32),
            "token_logprobs": lists(np.split(logs, ends[:-1]), np.float32),
        }
        facts_there = {b"samples.facts": b"of a benchmark"}
        heavy.append((lake.put("completions", pa.table(payload), run.partition, facts_there), run.partition))
        narrow.append((lake.put("samples", pa.table(facts), run.partition), run.partition))
    lake.commit("completions", heavy)
    lake.commit("samples", narrow)
    lakes.judge(lake, run, problems, PER_PROBLEM, "math")
    return lake


def main() -> None:
    """Print a line for each lake and depth."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=1_000_000)
    parser.add_argument("--units", type=int, default=2_000, help="files of completions of the second lake")
    given = parser.parse_args()
    for problems, together in ((given.samples // PER_PROBLEM, 100_000 // PER_PROBLEM), (given.units, 1)):
        with tempfile.TemporaryDirectory() as folder:
            lake = fill(Path(folder), problems, together)
            size = sum(file.stat().st_size for file in Path(lake.uri).rglob("*.parquet")) / 1e6
            said = f"{problems * PER_PROBLEM:,} samples, {size:,.0f} MB, {together} problems a file"
            for options in ([], ["--deep"]):
                print(f"{said}{''.join(f' {one}' for one in options)}", end=": ")
                print(measured("check", "--lake", lake.uri, "--quiet", *options), flush=True)


if __name__ == "__main__":
    main()
