"""Labels of chains of thought, as pages show them. They are read anew after each label that is given here."""

from collections import Counter
from typing import TYPE_CHECKING, Any

from samples.query.query import sql
from samples.runs.run import Run

if TYPE_CHECKING:
    from samples.browse.site import Site

KEYS = {"valid": "v", "flawed": "f", "lucky": "l", "unclear": "u"}  # the key that gives each label
_SQL = """
SELECT problem_id, sample_index, reviewer, label, note, created_at, current
FROM review_history
ORDER BY number DESC
"""


def reviews_of(site: "Site", run: Run) -> list[dict[str, Any]]:
    """Return all labels of a run, the latest first; `current` says whether the reviewer gave no later one."""
    key = ("reviews", run.run_id)
    return site.reading.once(key, lambda: sql(site.reading.live.pin(["reviews", "runs"]), _SQL, runs=[run.run_id]).dicts())


def labels_by_problem(site: "Site", run: Run) -> dict[str, Counter[str]]:
    """Return how many current labels of each kind each problem of a run has."""
    found: dict[str, Counter[str]] = {}
    for row in reviews_of(site, run):
        if row["current"]:
            found.setdefault(row["problem_id"], Counter())[row["label"]] += 1
    return found


def labels_by_sample(site: "Site", run: Run, problem_id: str) -> dict[int, list[str]]:
    """Return the current labels of each sample of a problem."""
    found: dict[int, list[str]] = {}
    for row in reviews_of(site, run):
        if row["current"] and row["problem_id"] == problem_id:
            found.setdefault(row["sample_index"], []).append(row["label"])
    return found
