"""Make small lakes with every kind of row. The library's own code writes them."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from samples.api import Lake
from samples.runs.run import run_id as id_of
from samples_schemas import TABLES

# The status of each sample, by run and problem. Both runs solve p1, only a solves p2, only b solves p3, neither solves
# p4. There is a sample without an answer, an error, a timeout, and a problem with unequal numbers of samples.
STATUSES = {
    "a": {"p1": "cwcc", "p2": "cwww", "p3": "wwnw", "p4": "wwwe"},
    "b": {"p1": "cccc", "p2": "wwww", "p3": "wctw", "p4": "ww"},
}
METADATA = {
    "p1": '{"level": 1, "subject": "algebra"}',
    "p2": '{"level": 5, "subject": "algebra", "source": {"year": 2024}}',
    "p3": '{"level": 5, "subject": "geometry", "easy": true}',
    "p4": "{}",
}
SCORER = "s0123456789abcdef"
_NAMES = {"c": "correct", "w": "wrong", "n": "no_answer", "e": "error", "t": "timeout"}
_NOW = datetime(2026, 1, 1, tzinfo=UTC)


def append(lake: Lake, name: str, rows: list[dict[str, Any]], **partition: str) -> None:
    """Commit rows to one partition of a table."""
    table = pa.Table.from_pylist(rows, schema=TABLES[name].file_schema)
    lake.append(name, "test", lambda: [(table, partition)])


def filled(path: Path | str) -> Lake:
    """Make a lake of two runs, a and b, over the same four problems."""
    lake = Lake(str(path), create=True)
    add_problems(lake, "d", METADATA)
    add_scorer(lake, "s")
    add_run(lake, "a", STATUSES["a"], family="q", role="base")
    add_run(lake, "b", STATUSES["b"], family="q", role="rl", algorithm="grpo", step="100")
    return lake


def add_problems(lake: Lake, dataset: str, metadata: dict[str, str]) -> None:
    """Add problems by id. Each has the gold answer c."""
    rest = {"answer": "c", "tests": None}
    rows = [
        {"problem_id": problem, "problem_hash": f"h-{problem}", "question": f"? {problem}", **rest, "metadata": text}
        for problem, text in metadata.items()
    ]
    append(lake, "problems", rows, dataset=dataset)


def add_scorer(lake: Lake, name: str) -> None:
    """Add the scorer whose scores `add_run` adds."""
    about = {"scorer_id": SCORER, "number": 1, "name": name, "model": "models/s", "engine": "toy", "created_at": _NOW}
    more = {"specification": "{}", "labels": [], "versions": [], "scored_by": "{}"}
    append(lake, "scorers", [{**about, **more, "parity_samples": 0, "parity_tokens": 0}])


def add_setup(lake: Lake, run_id: str, facts: dict[str, Any], day: int = 1) -> None:
    """Say that samples of a run were drawn on this hardware with these versions, from this day on."""
    columns = {name: facts.get(name) for name in ("device", "dtype", "model_runner")}
    row = {"drawn_by": json.dumps(facts, sort_keys=True), **columns, "created_at": _NOW.replace(day=day)}
    append(lake, "setups", [row], run_id=run_id)


def add_run(
    lake: Lake, run: str, statuses: dict[str, str], dataset: str = "d", *, reviewed: bool = True, **labels: str
) -> None:
    """Add a run with its prompts, samples, completions, scores, reviews, and a verdict of verifier "v" per sample.

    `statuses` has one letter per sample of each problem: c correct, w wrong, n no answer, e error, t timeout.
    """
    specification = {"model": f"models/{run}", "dataset": dataset, "sampling": {"max_tokens": 16}}
    run_id = id_of(specification)
    hashes = [(problem, f"h-{problem}") for problem in statuses]
    about = {"run_id": run_id, "name": run, "dataset": dataset, "model": f"models/{run}", "engine": "toy"}
    more = {
        "specification": json.dumps(specification),
        "problem_hashes": hashes,
        "labels": list(labels.items()),
    }
    append(lake, "runs", [{**about, **more, "versions": [], "created_at": _NOW}])
    append(lake, "prompts", [{"problem_id": p, "text": f"? {p}", "token_ids": [1]} for p in statuses], run_id=run_id)
    add_setup(lake, run_id, {"device": "cpu", "dtype": "float32", "versions": {"vllm": "0.32.0"}})
    rows: dict[str, list[dict[str, Any]]] = {"samples": [], "completions": [], "verdicts": [], "scores": []}
    rows["score_logprobs"] = []
    rows["top_logprobs"] = []
    for key, status in (
        ({"problem_id": problem, "sample_index": index}, _NAMES[letter])
        for problem, letters in statuses.items()
        for index, letter in enumerate(letters)
    ):
        tokens = 4 + key["sample_index"]
        end = {"finish_reason": "length" if tokens == 7 else "stop", "stop_reason": None, "error": None}
        facts = {"tokens": tokens, "cumulative_logprob": -0.5 * tokens, "seed": tokens, "attempt": "x"}
        rows["samples"].append({**key, **facts, **end})
        payload = {"token_ids": [7] * tokens, "token_logprobs": [-0.5] * tokens}
        rows["completions"].append({**key, "attempt": "x", "text": f"{key['problem_id']} {status}", **payload})
        judged = {"reward": float(status == "correct"), "answer": None if status == "no_answer" else status[0]}
        rows["verdicts"].append(
            {**key, "verifier_version": "1", "pass_id": 1, "status": status, **judged, "seconds": 0.1}
        )
        scored = {"tokens": tokens, "bytes": 4 * tokens, "cumulative_logprob": -1.0 * tokens, "end_logprob": None}
        how = {"attempt": "y", "token_mode": "ids", "prompt": "run", "same_tokens": True, "error": None}
        rows["scores"].append({**key, **scored, **how})
        rows["score_logprobs"].append({**key, "attempt": "y", "token_logprobs": [-1.0] * tokens, "token_ids": None})
        top = {"n": 1, "top_entropy": 0.3 * tokens, "mass_left": 0.4 * tokens}
        bounds = {"entropy_least": 0.7 * tokens, "entropy_most": 2.0 * tokens}
        listed = {"positions": tokens, "top_ids": [7] * tokens, "top_logprobs": [-0.5] * tokens}
        rows["top_logprobs"].append({**key, "attempt": "x", **top, **bounds, **listed})
    here = {"dataset": dataset, "run_id": run_id}
    append(lake, "top_logprobs", rows["top_logprobs"], scorer_id=run_id, run_id=run_id)
    append(lake, "samples", rows["samples"], **here)
    append(lake, "completions", rows["completions"], **here)
    append(lake, "verdicts", rows["verdicts"], verifier="v", run_id=run_id)
    append(lake, "score_logprobs", rows["score_logprobs"], scorer_id=SCORER, run_id=run_id)
    append(lake, "scores", rows["scores"], scorer_id=SCORER, run_id=run_id)
    review = {"run_id": run_id, "problem_id": "p1", "sample_index": 0, "note": None, "created_at": _NOW}
    labels = [("ann", "valid"), ("bob", "unclear"), ("bob", "valid")]
    named = [{**review, "reviewer": who, "label": label, "number": n} for n, (who, label) in enumerate(labels, 1)]
    append(lake, "reviews", named if reviewed else [])


def draw(lake: Lake, run: str, keys: Iterable[tuple[str, int]]) -> None:
    """Add those of these samples (problem_id, sample_index) that a run lacks: verdicts of others would not count."""
    here = {row["run"]: {name: row[name] for name in ("dataset", "run_id")} for row in lake.query("runs")}[run]
    drawn = lake.sql("SELECT problem_id, sample_index, run_id FROM samples")
    there = {(row["problem_id"], row["sample_index"]) for row in drawn if row["run_id"] == here["run_id"]}
    new = [{"problem_id": problem, "sample_index": index} for problem, index in sorted({*keys} - there)]
    facts = {"tokens": 1, "cumulative_logprob": -0.5, "seed": 1, "finish_reason": "stop", "attempt": "x"}
    payload = {"attempt": "x", "text": "drawn", "token_ids": [7], "token_logprobs": [-0.5]}
    for name, rest in (("samples", facts), ("completions", payload)) if new else ():
        append(lake, name, [{**key, **rest} for key in new], **here)
