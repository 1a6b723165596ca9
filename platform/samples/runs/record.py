"""Record a run, its problems and its prompts in the lake before its first sample."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import zip_longest
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from samples.errors import LakeError, UsageError, first_line
from samples.files.values import short_json
from samples.lake.storage import explained
from samples.lake.tables import Tables
from samples.problems.problems import Problem
from samples.runs.labels import add_labels
from samples.runs.request import Prepared
from samples.runs.run import Run, register
from samples_schemas import INGESTS, PROBLEMS, PROMPTS

_BEFORE, _SHOWN = 20, 60  # characters of a prompt in a message: before the first difference, and in all


def record(lake: Tables, prepared: Prepared) -> Run:
    """Add the run, its problems and its prompts to the lake if they are missing. Return the run as recorded.

    Raises:
        UsageError: The run's name belongs to another run, the run has another name, or its samples were drawn for
            other prompts than those rendered now.
    """
    run = register(lake, prepared.run)
    add_labels(lake, run, prepared.run.labels)
    add_problems(lake, run.dataset, prepared.problems.problems)
    lake.append(PROMPTS.name, run.run_id, lambda: _new_prompts(lake, run, prepared))
    lake.append(INGESTS.name, run.run_id, lambda: _newly_wanted(lake, run, prepared.request.k))
    return run


def wanted(lake: Tables) -> dict[str, int]:
    """Return how many samples per problem the last ingest of each run asked for, by run id."""
    rows = lake.read(INGESTS.name).sort_by("number").to_pylist()
    return {row["run_id"]: row["k"] for row in rows}


def add_problems(lake: Tables, dataset: str, given: Iterable[Problem]) -> None:
    """Add problems of a dataset to the lake if they are missing."""
    lake.append(PROBLEMS.name, dataset, lambda: _new_problems(lake, dataset, given))


def problems(lake: Tables, run: Run, ids: Sequence[str] | None = None) -> Iterator[Problem]:
    """Yield a run's problems (its own versions of them), by default all, a few at a time: tests can be large."""
    table = lake.dataset(PROBLEMS.name, dataset=run.dataset)
    chosen = None if ids is None else ds.field("problem_id").isin(ids)
    with explained(lake.uri):
        for batch in table.scanner(filter=chosen, batch_size=64, batch_readahead=1, fragment_readahead=1).to_batches():
            for row in batch.to_pylist():
                if run.problem_hashes.get(row["problem_id"]) == row["problem_hash"]:
                    yield _from_row(lake, row)


def _from_row(lake: Tables, row: Mapping[str, Any]) -> Problem:
    try:
        metadata = json.loads(row["metadata"])
    except (ValueError, TypeError) as error:
        where = f"lake {lake.place.table_uri(PROBLEMS.name)}: the metadata of problem {row['problem_id']}"
        raise LakeError(f"{where} is not JSON: {first_line(error)}; restore the table from a copy") from error
    answers = tuple(row["answers"] or ())
    return Problem(row["problem_id"], row["question"], row["answer"], row["tests"], metadata, answers)


def problem_versions(lake: Tables, dataset: str, hashes: Mapping[str, str]) -> dict[str, Problem]:
    """Return the lake's problems of these ids and hashes; those that it lacks are left out."""
    run = Run("", dataset, "", "", {}, dict(hashes))
    return {problem.problem_id: problem for problem in problems(lake, run, list(hashes))}


def _newly_wanted(lake: Tables, run: Run, k: int) -> list[tuple[pa.Table, Mapping[str, str]]]:
    if wanted(lake).get(run.run_id) == k:
        return []
    number = (pc.call_function("max", [lake.read(INGESTS.name)["number"]]).as_py() or 0) + 1
    row = {"run_id": run.run_id, "number": number, "k": k, "created_at": datetime.now(UTC)}
    return [(pa.Table.from_pylist([row], schema=INGESTS.schema), {})]


def _new_problems(lake: Tables, dataset: str, given: Iterable[Problem]) -> list[tuple[pa.Table, Mapping[str, str]]]:
    known = lake.read(PROBLEMS.name, columns=["problem_id", "problem_hash"], dataset=dataset)
    there = set(zip(known["problem_id"].to_pylist(), known["problem_hash"].to_pylist(), strict=True))
    rows = [
        {
            "problem_id": problem.problem_id,
            "problem_hash": problem.problem_hash,
            "question": problem.question,
            "answer": problem.answer,
            "answers": list(problem.answers) or None,
            "tests": problem.tests,
            "metadata": json.dumps(problem.metadata, ensure_ascii=False, sort_keys=True),
        }
        for problem in given
        if (problem.problem_id, problem.problem_hash) not in there
    ]
    return [(pa.Table.from_pylist(rows, schema=PROBLEMS.file_schema), {"dataset": dataset})]


def _new_prompts(lake: Tables, run: Run, prepared: Prepared) -> list[tuple[pa.Table, Mapping[str, str]]]:
    recorded = lake.read(PROMPTS.name, run_id=run.run_id)
    _require_same(recorded, run, prepared)
    known = set(recorded["problem_id"].to_pylist())
    missing = prepared.prompts.filter(
        pa.array([one not in known for one in prepared.prompts["problem_id"].to_pylist()], pa.bool_())
    )
    return [(missing, {"run_id": run.run_id})] if missing.num_rows else []


def _require_same(recorded: pa.Table, run: Run, prepared: Prepared) -> None:
    """Check that the prompts rendered now are those that the run's samples were drawn for, as far as they are there."""
    before = {row["problem_id"]: (row["text"], row["token_ids"]) for row in recorded.to_pylist()}
    for row in prepared.prompts.to_pylist() if before else ():
        problem, now = row["problem_id"], (row["text"], row["token_ids"])
        if (then := before.get(problem, now)) != now:
            raise UsageError(
                f'run {run.name}: the prompt of problem "{problem}" is not the one that its samples were drawn for: '
                f"{_difference(then[0], now[0])}; {_mend(run.versions, prepared.run.versions)}, or begin another run "
                "with another --seed"
            )


def _difference(then: str, now: str) -> str:
    if then == now:
        return "the same text becomes other tokens"
    pairs = enumerate(zip_longest(then, now))
    at = max(next(number for number, (a, b) in pairs if a != b) - _BEFORE, 0)
    return f"{short_json(then[at:], _SHOWN)} was sent then, {short_json(now[at:], _SHOWN)} would be sent now"


def _mend(then: Mapping[str, str], now: Mapping[str, str]) -> str:
    changed = [f"{name} {then[name]}, now {now[name]}" for name in then if now.get(name, then[name]) != then[name]]
    return f"install the versions that it began with ({'; '.join(changed)})" if changed else "restore the template"
