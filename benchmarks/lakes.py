"""Make large lakes for benchmarks: samples, verdicts and scores that were never drawn, written to the tables.

The accuracies of the problems are those of Beta(.3, .7), in every run anew.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from samples.api import Lake
from samples.engines import Sampling
from samples.runs.record import record
from samples.runs.request import Request, prepare
from samples.runs.run import Run
from samples_schemas import TABLES

_ROWS = 1_000_000  # of a file
_SCORER = "s" * 16


def fill(
    uri: str, folder: Path, problems: int, per_problem: int, runs: Mapping[str, Mapping[str, str]] | None = None
) -> Lake:
    """Make a lake with samples, and verdicts of verifier math, of runs; one file per 10^6 of them.

    `runs` are names with labels; one run, base, without it.
    """
    rows = [{"id": f"p{n:05}", "question": f"{n}?", "answer": "1"} for n in range(problems)]
    (folder / "set.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    lake = Lake(uri, create=True)
    for place, (name, labels) in enumerate((runs or {"base": {}}).items()):
        request = Request(
            str(folder / "set.jsonl"),
            f"toy?taste={place}",
            1,
            uri,
            name=name,
            labels=labels,
            engine="toy",
            sampling=Sampling(),
        )
        _draw(lake, record(lake, prepare(request)), problems, per_problem, place)
    return lake


def judge(lake: Lake, run: Run, problems: int, per_problem: int, verifier: str, seed: int = 0) -> None:
    """Add verdicts of a verifier on the samples of a run. It finds the same samples correct for the same seed."""
    rng = np.random.default_rng(seed)
    partition = {"verifier": verifier, "run_id": run.run_id}
    files: list[Any] = []
    for keys, size, count in _parts(problems, per_problem):
        right = rng.random(size) < np.repeat(rng.beta(0.3, 0.7, count), per_problem)
        judged = {
            **keys,
            "verifier_version": _same("1", size),
            "pass_id": np.ones(size, np.int64),
            "status": pa.array(["wrong", "correct"]).take(pa.array(right.astype(np.int8))),
            "reward": pa.nulls(size, pa.float64()),
            "answer": pa.array([str(n) for n in range(50)]).take(pa.array(rng.integers(0, 50, size))),
            "detail": pa.nulls(size, pa.string()),
            "seconds": np.zeros(size, np.float32),
        }
        files.append((lake.put("verdicts", pa.table(judged), partition), partition))
    lake.commit("verdicts", files)


def score(lake: Lake, run: Run, problems: int, per_problem: int, scorer: str) -> None:
    """Add scores of the samples of a run under a scorer, as token ids. The scorer is added with them if it is new."""
    if not len(lake.read("scorers")):
        about = {"scorer_id": _SCORER, "number": 1, "name": scorer, "model": "toy", "engine": "toy", "labels": []}
        more = {"specification": "{}", "versions": [], "scored_by": "{}", "parity_samples": 0, "parity_tokens": 0}
        row = {**about, **more, "created_at": run.created_at}
        table = pa.Table.from_pylist([row], schema=TABLES["scorers"].file_schema)
        lake.append("scorers", "benchmark", lambda: [(table, {})])
    rng = np.random.default_rng(1)
    partition = {"scorer_id": _SCORER, "run_id": run.run_id}
    files: list[Any] = []
    for keys, size, _ in _parts(problems, per_problem):
        tokens = rng.integers(10, 2000, size, dtype=np.int32)
        scored = {
            **keys,
            "attempt": _same("1" * 16, size),
            "tokens": tokens,
            "bytes": 4 * tokens,
            "cumulative_logprob": -rng.random(size) * tokens,
            "end_logprob": pa.nulls(size, pa.float64()),
            "token_mode": _same("ids", size),
            "prompt": _same("run", size),
            "same_tokens": pa.array([True]).take(pa.array(np.zeros(size, np.int8))),
            "error": pa.nulls(size, pa.string()),
        }
        files.append((lake.put("scores", pa.table(scored), partition), partition))
    lake.commit("scores", files)


def _draw(lake: Lake, run: Run, problems: int, per_problem: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    files: list[Any] = []
    for keys, size, _ in _parts(problems, per_problem):
        tokens = rng.integers(10, 2000, size, dtype=np.int32)
        narrow = {
            **keys,
            "tokens": tokens,
            "cumulative_logprob": -rng.random(size) * tokens,
            "finish_reason": _same("stop", size),
            "stop_reason": pa.nulls(size, pa.string()),
            "seed": rng.integers(0, 1 << 62, size),
            "attempt": _same("0" * 16, size),
            "error": pa.nulls(size, pa.string()),
        }
        files.append((lake.put("samples", pa.table(narrow), run.partition), run.partition))
    lake.commit("samples", files)
    judge(lake, run, problems, per_problem, "math", seed)


def _parts(problems: int, per_problem: int) -> Iterator[tuple[dict[str, Any], int, int]]:
    """Yield the keys of the samples of some problems, how many samples they are, and how many problems."""
    step = max(1, _ROWS // per_problem)
    for first in range(0, problems, step):
        ids = range(first, min(problems, first + step))
        keys = {
            "problem_id": np.repeat([f"p{n:05}" for n in ids], per_problem),
            "sample_index": np.tile(np.arange(per_problem, dtype=np.int32), len(ids)),
        }
        yield keys, len(ids) * per_problem, len(ids)


def _same(value: str, size: int) -> pa.Array:
    return pa.array([value]).take(pa.array(np.zeros(size, np.int8)))
