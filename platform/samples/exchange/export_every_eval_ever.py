"""Write a run in the form of Every Eval Ever, the shared store of evaluation results: version 0.3.0 of its schemas.

One run is two files, data/DATASET/DEVELOPER/MODEL/UUID.json and UUID_samples.jsonl (its `eval.schema.json` and
`instance_level_eval.schema.json`). The first has the settings, and pass@k of each verifier with its interval. The
second has a line for each verdict that decides about a sample. The form cannot say "unknown": samples that failed, or
whose verdict is an error or a timeout, have no line, and the first file counts them.

The UUID follows from the run and its verifiers, so the same export has the same name. The label `organization` of a run
says who drew it.
"""

import hashlib
import json
import re
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa

from samples.errors import UsageError
from samples.lake.tables import Tables
from samples.query.query import query
from samples.runs.run import Run
from samples.runs.settings import IMPORTED

SCHEMA = "0.3.0"

_DECIDED = ("correct", "wrong", "no_answer")
_FACTS = ("run", "sample_index", "tokens", "cumulative_logprob", "finish_reason", "stop_reason", "seed")
_TYPED = ("temperature", "top_p", "top_k", "max_tokens")  # sampling parameters that the schema has fields for
_NOT_PORTABLE = re.compile(r"[^\w.-]+")


def require_verdicts(run: Run, judges: Sequence[str]) -> None:
    """Check that some verifier judged a run: the form has no room for samples without verdicts.

    Raises:
        UsageError: None did.
    """
    if not judges:
        raise UsageError(
            f"run {run.name} has no verdicts of samples: judge it first, samples rescore --run {run.name} …, or name "
            "other runs with --run"
        )


def write(
    lake: Tables, folder: str, run: Run, judges: Sequence[str], batches: Iterable[pa.RecordBatch], *, force: bool
) -> tuple[int, int]:
    """Write a run and its verdicts of `judges` below `folder`; return the numbers of lines and of left-out verdicts.

    `batches` are the rows of an export. The files appear when both are whole.

    Raises:
        UsageError: The files cannot be written, or they exist and `force` is not set.
    """
    name = str(uuid.UUID(bytes=hashlib.sha256(json.dumps([run.run_id, *judges]).encode()).digest()[:16], version=4))
    place = Path("data", *(_portable(part) for part in (run.dataset, *_model_id(run).split("/", 1))))
    aggregate, lines = Path(folder, place, f"{name}.json"), Path(folder, place, f"{name}_samples.jsonl")
    if aggregate.exists() and not force:
        raise UsageError(f"{aggregate}: exists already; choose another folder, or replace it with --force")
    parts = [path.with_name(f".{path.name}.part") for path in (lines, aggregate)]
    try:
        aggregate.parent.mkdir(parents=True, exist_ok=True)
        digest, written, left_out = hashlib.sha256(), 0, 0
        with parts[0].open("wb") as file:
            for batch in batches:
                for record in _records(batch, run, judges):
                    if record is None:
                        left_out += 1
                        continue
                    line = json.dumps(record, ensure_ascii=False, allow_nan=False).encode() + b"\n"
                    digest.update(line)
                    written += file.write(line) > 0
        log = _log(lake, run, judges) | {
            "detailed_evaluation_results": {
                "format": "jsonl",
                "file_path": str(place / lines.name),
                "hash_algorithm": "sha256",
                "checksum": digest.hexdigest(),
                "total_rows": written,
                "additional_details": {"verdicts without a line": str(left_out)},
            }
        }
        parts[1].write_text(json.dumps(log, ensure_ascii=False, indent=2, allow_nan=False) + "\n", encoding="utf-8")
        for part, path in zip(parts, (lines, aggregate), strict=True):
            part.replace(path)
    except OSError as error:
        raise UsageError(f"{folder}: cannot be written: {error.strerror or error}") from error
    finally:
        for part in parts:
            part.unlink(missing_ok=True)
    return written, left_out


def _records(batch: pa.RecordBatch, run: Run, judges: Sequence[str]) -> Iterator[dict[str, Any] | None]:
    """Yield the line of each verdict; None for one that decides nothing."""
    for row in batch.to_pylist():
        for judge in judges:
            prefix = f"{judge}_" if f"{judge}_status" in row else ""
            status, answer, reward = (row[f"{prefix}{name}"] for name in ("status", "answer", "reward"))
            if status not in _DECIDED:
                yield None
                continue
            of = f"{judge}@{row[f'{prefix}version' if prefix else 'verifier_version']}"
            accepted = row["golds"] or ([] if row["gold"] is None else [row["gold"]])
            source = {"raw": row["question"] or "", "reference": accepted}
            known = json.dumps(source, sort_keys=True, separators=(",", ":")).encode()
            yield {
                "schema_version": SCHEMA,
                "evaluation_id": _evaluation_id(run),
                "model_id": _model_id(run),
                "evaluation_name": run.dataset,
                "evaluation_result_id": _result_id(run, judge, 1),
                "sample_id": row["problem_id"],
                "sample_hash": hashlib.sha256(known).hexdigest(),
                "interaction_type": "single_turn",
                "input": source,
                "output": {"raw": [row["completion"] or ""]},
                "answer_attribution": [] if answer is None else [
                    {
                        "turn_idx": 0,
                        "source": "output.raw",
                        "extracted_value": answer,
                        "extraction_method": of,
                        "is_terminal": True,
                    }
                ],
                "evaluation": {
                    "score": float(status == "correct") if reward is None else reward,
                    "is_correct": status == "correct",
                },
                "metadata": {name: str(row[name]) for name in _FACTS if row[name] is not None}
                | {"verifier": of, "status": status},
            }  # fmt: skip


def _log(lake: Tables, run: Run, judges: Sequence[str]) -> dict[str, Any]:
    """Return the first file: who drew what with which settings, and pass@k."""
    sampling: dict[str, Any] = run.specification.get("sampling") or {}
    drawn = run.engine != IMPORTED
    others = {name: value for name, value in run.specification.items() if name not in {"sampling", "template"}}
    others |= {name: value for name, value in sampling.items() if name not in _TYPED}
    return {
        "schema_version": SCHEMA,
        "evaluation_id": _evaluation_id(run),
        "evaluation_timestamp": str(int(run.created_at.timestamp())),
        "retrieved_timestamp": str(int(time.time())),
        "source_metadata": {
            "source_name": run.name,
            "source_type": "evaluation_run",
            "source_organization_name": run.labels.get("organization", "unknown"),
            "evaluator_relationship": "other",
        },
        "eval_library": {
            "name": "samples",
            "version": version("samples"),
            "additional_details": dict(run.versions),
        },
        "model_info": {
            "name": run.model_name,
            "id": _model_id(run),
            **({"inference_engine": {"name": run.engine}} if drawn else {}),
            "additional_details": {
                "deployment_type": "self_deployed" if drawn else "unknown",
                "model_availability": "unknown",
            },
        },
        "evaluation_results": [
            _result(run, row, {name: sampling[name] for name in _TYPED if sampling.get(name) is not None}, others)
            for judge in judges
            for row in query(lake, "pass_at_k", runs=[run.name], verifier=judge)
        ],
    }


def _result(run: Run, row: dict[str, Any], args: dict[str, Any], others: dict[str, Any]) -> dict[str, Any]:
    """Return one figure: pass@k by one verifier, with its interval."""
    interval = {
        "lower": row["low"],
        "upper": row["high"],
        "confidence_level": 0.95,
        "method": row["interval"],
    }
    return {
        "evaluation_result_id": _result_id(run, row["verifier"], row["k"]),
        "evaluation_name": run.dataset,
        "source_data": {"dataset_name": run.dataset, "source_type": "other"},
        "metric_config": {
            "evaluation_description": f"unbiased pass@{row['k']}, judged by {row['verifier']}",
            "metric_id": "pass_at_k",
            "metric_name": f"pass@{row['k']}",
            "metric_kind": "pass_rate",
            "metric_unit": "proportion",
            "metric_parameters": {"k": row["k"]},
            "lower_is_better": False,
            "score_type": "continuous",
            "min_score": 0.0,
            "max_score": 1.0,
        },
        "score_details": {
            "score": row["pass_at_k"],
            "details": {name: str(row[name]) for name in ("problems", "unjudged", "errors", "timeouts")},
            "uncertainty": {"confidence_interval": interval, "num_samples": row["problems"]},
        },
        "generation_config": {
            "generation_args": args,
            "additional_details": {
                name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
                for name, value in others.items()
                if value is not None
            },
        },
    }


def _evaluation_id(run: Run) -> str:
    return f"{run.dataset}/{_model_id(run)}/{run.run_id}"


def _result_id(run: Run, judge: str, k: int) -> str:
    return f"{run.run_id}/{judge}/pass@{k}"


def _model_id(run: Run) -> str:
    """Return DEVELOPER/MODEL. The developer of a model folder is unknown."""
    return run.model_name if "/" in run.model_name else f"unknown/{run.model_name}"


def _portable(part: str) -> str:
    return _NOT_PORTABLE.sub("_", part).strip(".") or "_"
