"""Labels of chains of thought, as lists show them."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from samples.browse.reading import Reading
from samples.query.query import query
from samples.query.rows import Rows
from samples.query.show_rows import reviews_once, rows
from samples.runs.run import Run
from samples_schemas import REVIEWS

KEYS = {"valid": "v", "flawed": "f", "lucky": "l", "unclear": "u"}  # the key that gives each label
HARD = 0.05  # accuracy up to which Yue et al. (2025) reviewed problems


def labels_of(reading: Reading, run: Run) -> list[dict[str, Any]]:
    """Return the current labels of a run."""

    def read() -> list[dict[str, Any]]:
        return [row for row in reviews_once(rows(reading.lake, REVIEWS, run_id=run.run_id)) if row["current"]]

    return reading.once(("reviews", run.run_id), read)


def labels_by_sample(reading: Reading, run: Run, problem_id: str) -> dict[int, list[str]]:
    """Return the current labels of each sample of a problem."""
    found: dict[int, list[str]] = {}
    for row in labels_of(reading, run):
        if row["problem_id"] == problem_id:
            found.setdefault(row["sample_index"], []).append(row["label"])
    return found


def labels_by_problem(reading: Reading, run: Run) -> dict[str, Counter[str]]:
    """Return how many current labels of each kind each problem has."""
    found: dict[str, Counter[str]] = {}
    for row in labels_of(reading, run):
        found.setdefault(row["problem_id"], Counter())[row["label"]] += 1
    return found


def to_review(
    reading: Reading, run: Run, verifier: str, reviewer: str | None, most: float, filters: Mapping[str, Any]
) -> Rows:
    """Return the rows of the query `review_queue`: the samples that a reviewer has still to read."""
    asked: dict[str, Any] = {"run": run.name, "verifier": verifier, "reviewer": reviewer, "max_accuracy": most}
    given = {name: value for name, value in asked.items() if value is not None}
    key = ("queue", run.run_id, verifier, reviewer, most, repr(filters))
    return reading.once(key, lambda: query(reading.lake, "review_queue", threads=reading.threads, **given, **filters))
