"""The lake that the example answers of queries come from: made up, small, and the same on every machine.

It has three runs over eight problems, 64 samples each, with verdicts of three verifiers, scores, reviews and the most
likely tokens: what the examples in the headers of queries name. Nothing in it was drawn from a model.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pyarrow as pa

import samples
from samples.runs.run import run_id as id_of
from samples_schemas import TABLES

_K = 64
_LONG = 57  # tokens; what is longer was cut
_DATASET = "math500"
_PROBLEMS = [f"p{number}" for number in range(1, 9)]
_SCORER = {"scorer_id": "s0123456789abcdef"}
_BEGAN = datetime(2026, 1, 5, 9, tzinfo=UTC)
# How often each run solves each problem, how likely it finds its own tokens, and its labels.
_RUNS: dict[str, tuple[tuple[float, ...], int, dict[str, str]]] = {
    "base-7b": ((0.9, 0.6, 0.3, 0.2, 0.1, 0.05, 0.03, 0.0), 30, {"role": "base", "step": "0"}),
    "rl-7b": ((1.0, 0.95, 0.8, 0.6, 0.3, 0.02, 0.0, 0.0), 15, {"role": "rl", "algorithm": "grpo", "step": "400"}),
    "distilled-7b": ((1.0, 0.9, 0.7, 0.6, 0.5, 0.3, 0.0, 0.1), 20, {"role": "distilled"}),
}


def made(uri: str) -> str:
    """Make the lake, and return its URI."""
    lake = samples.open(uri, create=True)
    problems = [
        {
            "problem_id": problem,
            "problem_hash": f"hash of {problem}",
            "question": f"A question, {problem}.",
            "answer": "c",
            "metadata": json.dumps({"level": 1 + number // 2}),
        }
        for number, problem in enumerate(_PROBLEMS)
    ]
    _append(lake, "problems", problems, dataset=_DATASET)
    about = {"name": "base-7b", "model": "models/base-7b", "engine": "vllm", "specification": "{}", "number": 1}
    parity = {"parity_run": "base-7b", "parity_samples": 16, "parity_tokens": 640, "parity_mean": 5e-6}
    more = {"parity_worst": 4e-5, "parity_kl": 6e-9, "labels": [], "versions": [], "scored_by": '{"dtype": "float32"}'}
    _append(lake, "scorers", [{**_SCORER, **about, **parity, **more, "created_at": _BEGAN}])
    for number, name in enumerate(_RUNS):
        _add_run(lake, name, _BEGAN + timedelta(hours=number))
    return uri


def _add_run(lake: samples.Lake, name: str, began: datetime) -> None:
    _, _, labels = _RUNS[name]
    sampling = {"temperature": 1.0, "max_tokens": 64, "logprobs_mode": "raw_logprobs"}
    specification = {"model": f"models/{name}", "dataset": _DATASET, "sampling": sampling}
    run = {"run_id": id_of(specification)}
    about = {"name": name, "dataset": _DATASET, "model": f"models/{name}", "engine": "vllm", "created_at": began}
    hashes = [(problem, f"hash of {problem}") for problem in _PROBLEMS]
    more = {"specification": json.dumps(specification), "problem_hashes": hashes, "versions": []}
    _append(lake, "runs", [{**run, **about, **more, "labels": [*labels.items()]}])
    prompt = {"text": "A question.", "token_ids": [1] * 9}
    _append(lake, "prompts", [{"problem_id": problem, **prompt} for problem in _PROBLEMS], **run)
    drawn = [*_drawn(name)]
    failed = {"problem_id": "p8", "sample_index": _K, "attempt": "x"}
    facts = {**failed, "tokens": 0, "cumulative_logprob": 0.0, "seed": _K, "error": "the engine died"}
    payload = {**failed, "text": "", "token_ids": [], "token_logprobs": []}
    drawn.append({"samples": facts, "completions": payload})
    for table, partition in {
        "samples": {"dataset": _DATASET, **run},
        "completions": {"dataset": _DATASET, **run},
        "scores": {**_SCORER, **run},
        "score_logprobs": {**_SCORER, **run},
        "top_logprobs": {"scorer_id": run["run_id"], **run},
    }.items():
        _append(lake, table, [rows[table] for rows in drawn if table in rows], **partition)
    for verifier in ("math", "boxed-exact", "reasoning-gym"):
        verdicts = [row for rows in drawn for row in rows.get(verifier, ())]
        _append(lake, "verdicts", verdicts, verifier=verifier, **run)
    correct = [rows["samples"] for rows in drawn if "math" in rows and rows["math"][-1]["status"] == "correct"]
    chosen = correct[::20] + [row for row in correct if row["problem_id"] == "p7"][:2]
    reviews = [
        {**run, **_key(row), "reviewer": who, "label": label, "number": number, "created_at": began}
        for at, row in enumerate(chosen)
        for number, who, label in (
            (2 * at, "ann", "valid" if at % 6 else "lucky"),
            (2 * at + 1, "bob", "valid" if at % 3 else "lucky"),
        )
    ]
    _append(lake, "reviews", reviews)


def _drawn(name: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of each sample of a run, by table, and its verdicts by verifier."""
    chances, unlikely, _ = _RUNS[name]
    luck = Random(name)  # noqa: S311 - the same numbers everywhere
    for problem, chance in zip(_PROBLEMS, chances, strict=True):
        for index in range(_K):
            correct, first, strict = (luck.random() < share for share in (chance, 0.9, 0.8))
            answer = "c" if correct else f"w{int(3 * luck.random() ** 2)}"
            own = [-int(unlikely * luck.random()) / 32 for _ in range(int(20 + 40 * luck.random()))]
            scored = [one - int(8 * luck.random()) / 32 for one in own]
            key = {"problem_id": problem, "sample_index": index}
            end = {"finish_reason": "length" if len(own) > _LONG else "stop", "seed": index, "attempt": "x"}
            facts = {"tokens": len(own), "cumulative_logprob": sum(own)}
            ids = [int(1000 * luck.random()) for _ in own]
            how = {"token_mode": "ids", "prompt": "run", "same_tokens": True, "attempt": "y"}
            status = "correct" if correct else "wrong"
            rows: dict[str, Any] = {
                "samples": {**key, **facts, **end},
                "completions": {**key, "attempt": "x", "text": f"{ids[0]}: \\boxed{{{answer}}}", "token_ids": ids}
                | {"token_logprobs": own},
                "top_logprobs": {**key, "attempt": "x", "n": 1, "positions": len(own), "top_ids": ids}
                | {"top_entropy": -0.8 * sum(own), "mass_left": 0.02 * len(own), "top_logprobs": own}
                | {"entropy_least": -0.9 * sum(own), "entropy_most": -1.3 * sum(own)},
                "math": [
                    _verdict(key, "1", 1, status if first else "wrong", answer),
                    _verdict(key, "2", 2, status, answer),
                ],
                "boxed-exact": [_verdict(key, "1", 1, status if strict else "wrong", answer)],
                "reasoning-gym": [_verdict(key, "1", 1, status, answer, 1.0 if correct else 0.1 * (answer == "w0"))],
            }
            if name != "base-7b":
                sums = {"tokens": len(own), "bytes": 4 * len(own), "cumulative_logprob": sum(scored)}
                rows["scores"] = {**key, **sums, **how}
                rows["score_logprobs"] = {**key, "attempt": "y", "token_logprobs": scored}
            yield rows


def _verdict(
    key: dict[str, Any], version: str, pass_id: int, status: str, answer: str, reward: float | None = None
) -> dict[str, Any]:
    said = {"status": status, "answer": answer, "reward": reward, "seconds": 0.001}
    return {**key, "verifier_version": version, "pass_id": pass_id, **said}


def _key(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("problem_id", "sample_index")}


def _append(lake: samples.Lake, name: str, rows: list[dict[str, Any]], **partition: str) -> None:
    if rows:
        table = pa.Table.from_pylist(rows, schema=TABLES[name].file_schema)
        lake.append(name, "docs", lambda: [(table, partition)])
