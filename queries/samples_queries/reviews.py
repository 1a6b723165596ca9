"""reviews: of the problems solved at low accuracy, how many have a valid chain of thought (Yue et al. 2025).

group    reviews
params   runs: runs, verifier: verifier, reviewer: text = none, max_accuracy: float = 0.05
reads    tallies, decided, reviews
grain    run, reviewer
columns  run, dataset, verifier, reviewer, problems, valid, none_valid, undecided, least, most, low, high, correct,
         labelled_valid, labelled_flawed, labelled_lucky, labelled_unclear, unlabelled, elsewhere
means    reviewer: who gave the labels; without the parameter, every reviewer of the run
         max_accuracy: count problems of which more than none and at most this share of the verified samples are correct
         problems: problems solved at so low an accuracy
         valid: problems of these with a correct sample whose chain of thought is labelled valid
         none_valid: problems of these whose correct samples are all labelled flawed or lucky
         undecided: the other problems: correct samples without a label, or labelled unclear, and none valid
         least: valid as a share of problems, in [0, 1]: the share if no undecided problem has a valid chain of thought
         most: the share if all undecided problems have one
         low: lower end of the 95 % interval: other problems of this kind, none of the undecided ones valid
         high: upper end of the 95 % interval: other problems of this kind, all undecided ones valid
         correct: correct samples of these problems
         labelled_valid: correct samples of these that the reviewer labelled valid
         labelled_flawed: correct samples of these that the reviewer labelled flawed
         labelled_lucky: correct samples of these that the reviewer labelled lucky
         labelled_unclear: correct samples of these that the reviewer labelled unclear
         unlabelled: correct samples of these that the reviewer has not labelled
         elsewhere: labels of the reviewer on other samples of the run, which are in no figure
example  samples query reviews --runs base-7b,rl-7b --verifier math

A right answer may come from a wrong chain of thought, and most likely where a model is rarely right. Yue et al. (2025,
arXiv:2504.13837) therefore read all correct samples of the problems with an accuracy below 5 %, and counted those with
at least one valid chain of thought. `review_queue` lists these samples.

Labels are the current ones. Accuracy is c/n over samples judged correct or wrong; errors and timeouts are left out. Low
and high are the ends of Jeffreys' intervals of the proportions least and most.
"""

from shlex import quote
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from samples_queries import Answer, Unanswerable
from samples_queries.groups import rows
from samples_queries.intervals import mean_interval
from samples_queries.reviewers import require_reviewer, reviewers

_LABELS = ("valid", "flawed", "lucky", "unclear")

_SQL = """
WITH hard AS (
    SELECT run, problem_id, c
    FROM tallies
    WHERE list_contains($runs, run) AND verifier = $verifier AND c > 0 AND c / n <= $most
), judges AS (
    SELECT DISTINCT run, dataset, reviewer
    FROM reviews
    WHERE list_contains($runs, run) AND coalesce(reviewer = $reviewer, true)
), labelled AS (
    SELECT run, problem_id, sample_index, reviewer, label, correct IS NOT NULL AND hard.run IS NOT NULL AS counted
    FROM reviews
    LEFT JOIN hard USING (run, problem_id)
    LEFT JOIN (
        SELECT run, problem_id, sample_index, correct FROM decided WHERE verifier = $verifier AND correct
    ) USING (run, problem_id, sample_index)
    WHERE list_contains($runs, run) AND coalesce(reviewer = $reviewer, true)
), per_problem AS (
    SELECT
        hard.run, judges.reviewer, hard.problem_id, any_value(c) AS c,
        countif(label = 'valid') AS valid, countif(label = 'flawed') AS flawed,
        countif(label = 'lucky') AS lucky, countif(label = 'unclear') AS unclear
    FROM hard
    JOIN judges USING (run)
    LEFT JOIN (FROM labelled WHERE counted) AS labelled
        ON labelled.run = hard.run AND labelled.problem_id = hard.problem_id AND labelled.reviewer = judges.reviewer
    GROUP BY ALL
), sums AS (
    SELECT
        run, reviewer, count(*) AS problems, countif(valid > 0) AS valid,
        countif(valid = 0 AND flawed + lucky = c) AS none_valid, sum(c)::BIGINT AS correct,
        sum(valid)::BIGINT AS labelled_valid, sum(flawed)::BIGINT AS labelled_flawed,
        sum(lucky)::BIGINT AS labelled_lucky, sum(unclear)::BIGINT AS labelled_unclear
    FROM per_problem
    GROUP BY run, reviewer
), others AS (
    SELECT run, reviewer, countif(NOT counted) AS elsewhere FROM labelled GROUP BY run, reviewer
)
SELECT judges.*, sums.* EXCLUDE (run, reviewer), elsewhere
FROM judges LEFT JOIN sums USING (run, reviewer) LEFT JOIN others USING (run, reviewer)
ORDER BY run, reviewer
"""
_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("run", "dataset", "verifier", "reviewer")),
        *((name, pa.int64()) for name in ("problems", "valid", "none_valid", "undecided")),
        *((name, pa.float64()) for name in ("least", "most", "low", "high")),
        *((name, pa.int64()) for name in ("correct", *(f"labelled_{label}" for label in _LABELS))),
        *((name, pa.int64()) for name in ("unlabelled", "elsewhere")),
    ]
)


def answer(
    connection: duckdb.DuckDBPyConnection, *, runs: list[str], verifier: str, reviewer: str | None, max_accuracy: float
) -> Answer:
    """Return one row for each run and reviewer.

    Raises:
        Unanswerable: `max_accuracy` is no share, or nobody, or not this reviewer, labelled a sample of these runs.
    """
    require_share(max_accuracy)
    there = reviewers(connection, runs)
    if reviewer is not None:
        require_reviewer([*there], reviewer, runs)
    asked = {"runs": runs, "verifier": verifier, "reviewer": reviewer, "most": max_accuracy}
    found = [_completed(row, verifier) for row in rows(connection, _SQL, **asked)]
    read = {row["run"] for row in found}
    notes = [
        f"{run} has no label{'' if reviewer is None else f' of {reviewer}'} yet: "
        f"samples query review_queue --run {quote(run)} lists what to read"
        for run in runs
        if run not in read
    ]
    notes += [
        f"{row['run']}: {row['elsewhere']:,} of {row['reviewer']}'s labels are in no figure: they are on samples that "
        f"are not correct, or on problems with an accuracy above {max_accuracy:g}"
        for row in found
        if row["elsewhere"]
    ]
    return Answer(pa.Table.from_pylist(found, schema=_SCHEMA), notes)


def require_share(max_accuracy: float) -> None:
    """Refuse a limit that is no share of samples.

    Raises:
        Unanswerable: It is not in (0, 1].
    """
    if not 0 < max_accuracy <= 1:
        raise Unanswerable(f"max_accuracy = {max_accuracy:g}: expected a share of samples, above 0 and at most 1")


def _completed(row: dict[str, Any], verifier: str) -> dict[str, Any]:
    """Return the row of a run and reviewer with shares and their interval; shares are None without a problem."""
    counts = {name: row[name] or 0 for name in row.keys() - {"run", "dataset", "reviewer"}}
    problems, valid, never = counts["problems"], counts["valid"], counts["none_valid"]
    labelled = sum(counts[f"labelled_{label}"] for label in _LABELS)
    counts |= {"undecided": problems - valid - never, "unlabelled": counts["correct"] - labelled}
    about = {**row, "verifier": verifier, **counts}
    if not problems:
        return about
    total = np.array([valid, problems - never], float)
    _, share, low, high = mean_interval(np.stack([np.full(2, float(problems)), total, total]))
    return about | {"least": share[0], "most": share[1], "low": low[0], "high": high[1]}
