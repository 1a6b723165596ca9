"""Lakes of samples and scores that are written row by row, and the rows that an oracle reads.

A sample is a dict: `tokens` and `logprob`, or `logprobs` of its tokens; `status` of its verdict, `end`, `error`. A
score is a dict: `logprob` or `logprobs`; `tokens`, `bytes`, `end`, `mode`, `prompt`, `error`.
"""

import json
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from samples.api import Lake
from samples_schemas import TABLES

NOW = datetime(2026, 1, 1, tzinfo=UTC)
RAW = {"temperature": 1.0, "top_p": 1.0, "top_k": 0, "logprobs_mode": "raw_logprobs"}
Samples = Mapping[str, Sequence[Mapping[str, Any]]]


def lake(path: Path) -> Lake:
    """An empty lake."""
    return Lake(str(path / "lake"), create=True)


def append(to: Lake, name: str, rows: list[dict[str, Any]], **partition: str) -> None:
    table = pa.Table.from_pylist(rows, schema=TABLES[name].file_schema)
    to.append(name, "test", lambda: [(table, partition)])


def add_run(
    to: Lake,
    run: str,
    samples: Samples,
    *,
    sampling: Mapping[str, Any] = RAW,
    engine: str = "vllm",
    dataset: str = "d",
    hashes: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
) -> None:
    """Add a run with its samples, completions, and verdicts of v. Its model is models/RUN, its id r-RUN."""
    about = {"run_id": f"r-{run}", "name": run, "dataset": dataset, "model": f"models/{run}", "engine": engine}
    versions = [(problem, (hashes or {}).get(problem, "h")) for problem in samples]
    said = {"specification": json.dumps({"sampling": dict(sampling)}), "problem_hashes": versions, "versions": []}
    append(to, "runs", [{**about, **said, "labels": list((labels or {}).items()), "created_at": NOW}])
    rows: dict[str, list[dict[str, Any]]] = {"samples": [], "completions": [], "verdicts": []}
    for problem, several in samples.items():
        for index, one in enumerate(several):
            key = {"problem_id": problem, "sample_index": index}
            logprobs = one.get("logprobs")
            total = one.get("logprob", None if logprobs is None else math.fsum(logprobs))
            facts = {"tokens": one.get("tokens", None if logprobs is None else len(logprobs)), "seed": 0}
            facts |= {"finish_reason": one.get("end", "stop"), "error": one.get("error")}
            rows["samples"].append({**key, **facts, "cumulative_logprob": total, "attempt": "x"})
            if logprobs is not None:
                ids = one.get("ids", list(range(len(logprobs))))
                payload = {"text": "?", "token_ids": ids, "token_logprobs": logprobs}
                rows["completions"].append({**key, "attempt": "x", **payload})
            if one.get("status"):
                judged = {"verifier_version": "1", "pass_id": 1, "seconds": 0.0, "status": one["status"]}
                rows["verdicts"].append({**key, **judged})
    here = {"dataset": dataset, "run_id": f"r-{run}"}
    append(to, "completions", rows["completions"], **here)
    append(to, "samples", rows["samples"], **here)
    append(to, "verdicts", rows["verdicts"], verifier="v", run_id=f"r-{run}")


def add_scorer(to: Lake, name: str, *, model: str | None = None, **parity: Any) -> None:
    """Add a scorer, or one more row of it: a parity check with `samples`, `mean`, `kl`, `within`. Its id is s-NAME."""
    number = len(to.sql("FROM scorers")) + 1
    about = {"scorer_id": f"s-{name}", "number": number, "name": name, "model": model or f"models/{name}"}
    scored_by = json.dumps({"parity": {"within": parity["within"]}} if "within" in parity else {})
    more = {"engine": "vllm", "specification": "{}", "labels": [], "versions": [], "scored_by": scored_by}
    checked = {"parity_samples": parity.get("samples", 0), "parity_tokens": 10 * parity.get("samples", 0)}
    checked |= {"parity_run": parity.get("run"), "parity_mean": parity.get("mean"), "parity_kl": parity.get("kl")}
    append(to, "scorers", [{**about, **more, **checked, "created_at": NOW + timedelta(seconds=number)}])


def add_scores(to: Lake, scorer: str, run: str, scores: Mapping[str, Mapping[int, Mapping[str, Any]]]) -> None:
    """Add the scores of a run's samples: problem to sample index to score."""
    rows: dict[str, list[dict[str, Any]]] = {"scores": [], "score_logprobs": []}
    for problem, several in scores.items():
        for index, one in several.items():
            key = {"problem_id": problem, "sample_index": index, "attempt": "y"}
            logprobs = one.get("logprobs")
            facts = {
                "tokens": one.get("tokens", 0 if logprobs is None else len(logprobs)),
                "bytes": one.get("bytes", 0),
            }
            facts |= {
                "cumulative_logprob": one.get("logprob", math.fsum(logprobs or [])),
                "end_logprob": one.get("end"),
            }
            facts |= {
                "token_mode": one.get("mode", "ids"),
                "prompt": one.get("prompt", "run"),
                "error": one.get("error"),
            }
            rows["scores"].append({**key, **facts, "same_tokens": None})
            if logprobs is not None:
                rows["score_logprobs"].append({**key, "token_logprobs": logprobs, "token_ids": one.get("ids")})
    for name in ("score_logprobs", "scores"):
        append(to, name, rows[name], scorer_id=f"s-{scorer}", run_id=f"r-{run}")
