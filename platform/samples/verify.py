"""Verify stored samples: new verdicts, appended; samples are never touched.

Only samples without a verdict of this verifier's version are judged. A sample that is an error has no completion to
judge and gets no verdict. What a verifier cannot judge is an `error`, never wrong.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from samples.lake import Lake
from samples.problems import Problem
from samples.run import Run
from samples.storage import explained
from samples.verifiers import Verdict, Verifier
from samples_schemas import COMPLETIONS, PROBLEMS, SAMPLES, VERDICTS

_BATCH = 2_000  # completions in memory at once
_COMMIT_ROWS = 100_000


def verify(
    lake: Lake, run: Run, verifier: Verifier, watch: Callable[[int, int], None] = lambda _done, _of: None
) -> dict[str, int]:
    """Judge a run's samples that `verifier`'s version has not judged yet; returns how many got each status.

    `watch` is told (done, of) as it goes.

    Raises:
        UsageError: A problem has no gold answer that this verifier can use; nothing is stored.
    """
    problems = _problems(lake, run)
    for problem in problems.values():
        verifier.gold(problem)
    counts: Counter[str] = Counter()
    partition = {"verifier": verifier.name, "run_id": run.run_id}
    pass_id = _next_pass(lake, verifier.name)
    rows: list[dict[str, Any]] = []

    def flush() -> None:
        table = pa.Table.from_pylist(rows, schema=VERDICTS.file_schema)
        rows.clear()
        lake.append(
            VERDICTS.name, f"{verifier.name}/{run.run_id}", lambda: [(_unjudged(lake, partition, table), partition)]
        )

    total, pending = _pending(lake, run, verifier)
    for problem_id, sample_index, text in pending:
        began = time.perf_counter()
        verdict = _judge(verifier, problems[problem_id], text)
        counts[verdict.status] += 1
        rows.append(
            {
                "problem_id": problem_id,
                "sample_index": sample_index,
                "verifier_version": verifier.version,
                "pass_id": pass_id,
                "status": verdict.status,
                "reward": verdict.reward,
                "answer": verdict.answer,
                "detail": verdict.detail,
                "seconds": time.perf_counter() - began,
            }
        )
        if len(rows) >= _COMMIT_ROWS:
            flush()
        if counts.total() % 1000 == 0:
            watch(counts.total(), total)
    flush()
    return dict(counts)


def _judge(verifier: Verifier, problem: Problem, text: str) -> Verdict:
    try:
        answer = verifier.extract(text)
        return Verdict("no_answer") if answer is None else verifier.compare(problem, answer)
    except Exception as error:  # noqa: BLE001 - a verifier may choke on anything a model writes; that is its verdict
        return Verdict("error", detail=f"{type(error).__name__}: {error}"[:200])


def _problems(lake: Lake, run: Run) -> dict[str, Problem]:
    """The run's own versions of its problems, by id."""
    rows = lake.read(PROBLEMS.name, dataset=run.dataset).to_pylist()
    return {
        row["problem_id"]: Problem(
            row["problem_id"], row["question"], row["answer"], row["tests"], json.loads(row["metadata"])
        )
        for row in rows
        if run.problem_hashes.get(row["problem_id"]) == row["problem_hash"]
    }


def _pending(lake: Lake, run: Run, verifier: Verifier) -> tuple[int, Iterator[tuple[str, int, str]]]:
    """Count and stream (problem_id, sample_index, text) of the samples that have a completion and no verdict."""
    connection = duckdb.connect()
    with explained(lake.uri):
        connection.register("samples", lake.dataset(SAMPLES.name, **run.partition))
        connection.register("completions", lake.dataset(COMPLETIONS.name, **run.partition))
        connection.register("verdicts", lake.dataset(VERDICTS.name, verifier=verifier.name, run_id=run.run_id))
        connection.execute(_TODO, {"version": verifier.version})
        total = connection.sql("SELECT count(*) FROM todo").fetchall()[0][0]

    def rows() -> Iterator[tuple[str, int, str]]:
        with explained(lake.uri), connection:
            cursor = connection.execute(
                "SELECT problem_id, sample_index, text "
                "FROM completions JOIN todo USING (problem_id, sample_index, attempt)"
            )
            while batch := cursor.fetchmany(_BATCH):
                yield from batch

    return total, rows()


_TODO = """
CREATE TEMP TABLE todo AS
SELECT problem_id, sample_index, attempt
FROM samples
ANTI JOIN (SELECT * FROM verdicts WHERE verifier_version = $version) AS judged USING (problem_id, sample_index)
WHERE error IS NULL
"""


def _next_pass(lake: Lake, verifier: str) -> int:
    passes = lake.read(VERDICTS.name, columns=["pass_id"], verifier=verifier)["pass_id"]
    return (pc.call_function("max", [passes]).as_py() or 0) + 1


def _unjudged(lake: Lake, partition: Mapping[str, str], rows: pa.Table) -> pa.Table:
    """Drop rows whose sample another process judged meanwhile with the same version."""
    verdicts = lake.dataset(VERDICTS.name, **partition)
    with explained(lake.uri), duckdb.connect() as connection:
        connection.register("verdicts", verdicts).register("judged", rows)
        return connection.sql(
            "SELECT * FROM judged ANTI JOIN verdicts USING (problem_id, sample_index, verifier_version)"
        ).to_arrow_table()
