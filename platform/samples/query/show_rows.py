"""Read the rows of one sample, from all tables at once. A table with tokens is asked for one group of rows."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import duckdb

from samples.lake.storage import explained
from samples.lake.tables import Tables
from samples.runs.run import Run
from samples_schemas import (
    COMPLETIONS,
    PROBLEMS,
    PROMPTS,
    REVIEWS,
    RUNS,
    SAMPLES,
    SCORE_LOGPROBS,
    SCORES,
    TOP_LOGPROBS,
    VERDICTS,
    Table,
)
from samples_schemas.labels import RUN_LABELS

Row = dict[str, Any]

TABLES = tuple(
    table.name for table in (RUNS, RUN_LABELS, PROBLEMS, PROMPTS, SAMPLES, COMPLETIONS, TOP_LOGPROBS, VERDICTS, REVIEWS)
)
_UNSURE = {"timeout", "error"}
_TOP = ["attempt", "n", "top_ids"]


@dataclass(frozen=True)
class Found:
    """What the tables have of one sample. `facts` is None if it is not there.

    `verdicts` and `reviews` are those of `Shown`. `score`, `score_logprobs` and `score_top` are rows of one scorer.
    """

    prompt: str
    facts: Row | None
    completion: Row | None
    top: Row | None
    verdicts: list[Row]
    reviews: list[Row]
    score: Row | None
    score_logprobs: Row | None
    score_top: Row | None


def read(lake: Tables, run: Run, problem_id: str, sample_index: int, scorer_id: str | None = None) -> Found:
    """Read the rows of one sample, and those of one scorer if its id is given.

    Raises:
        LakeError: A table cannot be read.
    """
    problem: dict[str, str | int] = {"run_id": run.run_id, "problem_id": problem_id}
    here = {**problem, "sample_index": sample_index}
    own, there = {"scorer_id": run.run_id, **here}, {"dataset": run.dataset, **here}
    wanted: list[tuple[Table, dict[str, str | int], list[str] | None]] = [
        (PROMPTS, problem, ["text"]),
        (SAMPLES, there, None),
        (COMPLETIONS, there, None),
        (TOP_LOGPROBS, own, _TOP),
        (VERDICTS, here, None),
        (REVIEWS, here, None),
    ]
    if scorer_id:
        its = {"scorer_id": scorer_id, **here}
        wanted += [(SCORES, its, None), (SCORE_LOGPROBS, its, None), (TOP_LOGPROBS, its, _TOP)]
    with ThreadPoolExecutor(len(wanted)) as pool:  # a store answers many requests at once
        answers = pool.map(lambda one: rows(lake, one[0], one[2], **one[1]), wanted)
        prompts, samples, completions, top, verdicts, reviews, *scored = answers
    scores, score_logprobs, score_top = scored or ([], [], [])
    sample, score = _sure(samples), _sure(scores)
    return Found(
        prompt=next((row["text"] for row in prompts), ""),
        facts=sample,
        completion=_of_attempt(completions, sample),
        top=_of_attempt(top, sample),
        verdicts=verdicts_once(verdicts),
        reviews=reviews_once(reviews),
        score=score,
        score_logprobs=_of_attempt(score_logprobs, score),
        score_top=_of_attempt(score_top, score),
    )


def rows(lake: Tables, table: Table, columns: list[str] | None = None, /, **where: str | int) -> list[Row]:
    """Return the rows of a table with these values of its columns."""
    return lake.rows_at(table.name, columns, **where).to_pylist()


def _sure(rows: Sequence[Row]) -> Row | None:
    """Return one of the rows of a sample, which may be there twice: rather one that did not fail."""
    return min(rows, key=lambda row: (row["error"] is not None, row["attempt"]), default=None)


def _of_attempt(rows: Iterable[Row], narrow: Row | None) -> Row | None:
    """Return the row that belongs to a row of a narrow table. A crash can leave rows that belong to none."""
    return next((row for row in rows if narrow and row["attempt"] == narrow["attempt"]), None)


def verdicts_once(verdicts: Iterable[Row]) -> list[Row]:
    """Return verdicts by sample, verifier and pass, one of each: the same one that views count."""
    ordered = sorted(verdicts, key=lambda row: (*_judge(row), row["pass_id"], row["status"] in _UNSURE, row["status"]))
    unique = {(*_judge(row), row["pass_id"]): row for row in reversed(ordered)}
    last = {_judge(row): row["pass_id"] for row in ordered}
    return [{**row, "current": row["pass_id"] == last[_judge(row)]} for row in reversed(unique.values())]


def _judge(row: Row) -> tuple[str, int, str]:
    return row["problem_id"], row["sample_index"], row["verifier"]


def reviews_once(reviews: Iterable[Row]) -> list[Row]:
    """Return labels by sample, the latest first, one of each number: the same one that views count."""
    ordered = sorted(reviews, key=lambda row: (row["label"], row["note"] is None, row["note"] or "", row["created_at"]))
    unique = {(*_reader(row), row["number"]): row for row in reversed(ordered)}
    newest: dict[tuple[str, int, str], int] = {}
    for row in unique.values():
        newest[_reader(row)] = max(row["number"], newest.get(_reader(row), row["number"]))
    found = [{**row, "current": row["number"] == newest[_reader(row)]} for row in unique.values()]
    return sorted(found, key=lambda row: (row["problem_id"], row["sample_index"], -row["number"], row["reviewer"]))


def _reader(row: Row) -> tuple[str, int, str]:
    return row["problem_id"], row["sample_index"], row["reviewer"]


def indices(lake: Tables, run: Run, problem_id: str) -> str:
    """Say which samples of a problem are there: how many, from which number to which."""
    samples = lake.dataset(SAMPLES.name, **run.partition)
    with explained(lake.place.table_uri(SAMPLES.name)), duckdb.connect() as connection:
        connection.register("samples", samples)
        found = connection.execute(
            "SELECT count(*), min(sample_index), max(sample_index) FROM samples WHERE problem_id = ?", [problem_id]
        )
        count, lowest, highest = found.fetchall()[0]
    return f"{count}, from {lowest} to {highest}" if count else "none yet"
