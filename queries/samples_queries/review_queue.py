"""review_queue: which chains of thought to read next: correct samples of the hardest problems that a run solves.

group    reviews
params   run: run, verifier: verifier, reviewer: text = none, max_accuracy: float = 0.05, order: text = hardest
reads    tallies, decided, reviews
grain    problem_id, sample_index
columns  run, dataset, verifier, problem_id, sample_index, accuracy, n, c, answer, labelled, valid, others
means    reviewer: list what this reviewer has not labelled; without it, what nobody has
         max_accuracy: list problems of which more than none and at most this share of the verified samples are correct
         order: hardest (problems of the lowest accuracy first, those with a valid chain of thought last) or shuffled
         accuracy: c/n of the problem, in [0, 1]
         c: samples of these n that are correct
         answer: answer that the verifier extracted; NULL when there is none
         labelled: correct samples of the problem that the reviewer has labelled
         valid: correct samples of the problem that the reviewer labelled valid
         others: other reviewers who labelled this sample
example  samples query review_queue --run base-7b --verifier math --reviewer ann

Yue et al. (2025, arXiv:2504.13837) read all correct samples of the problems with an accuracy below 5 %. `reviews`
counts what was found. One valid chain of thought settles a problem, so with the order hardest, problems that have one
come last. Within a problem, samples are in the order of their index, which says nothing about them.

The order shuffled depends on nothing but ids. The first hundred samples are then a fair part of all of them, and the
same for every reviewer.
"""

import duckdb

from samples_queries import Answer, Unanswerable
from samples_queries.groups import require_samples, rows, without_verified
from samples_queries.reviews import require_share

_ORDERS = {
    "hardest": "valid > 0, accuracy, problem_id, sample_index",
    "shuffled": "md5(concat(problem_id, ' ', sample_index)), problem_id, sample_index",
}
_SQL = """
WITH hard AS (
    SELECT run, dataset, verifier, problem_id, n, c, c / n AS accuracy
    FROM tallies
    WHERE run = $run AND verifier = $verifier AND c > 0 AND c / n <= $most
), correct AS (
    SELECT run, problem_id, sample_index, answer FROM decided WHERE run = $run AND verifier = $verifier AND correct
), marks AS (
    SELECT
        run, problem_id, sample_index,
        countif(coalesce(reviewer = $reviewer, true)) AS ours,
        countif(coalesce(reviewer = $reviewer, true) AND label = 'valid') AS ours_valid,
        countif(reviewer <> $reviewer) AS others
    FROM reviews
    WHERE run = $run
    GROUP BY ALL
), listed AS (
    SELECT
        hard.*, sample_index, answer, coalesce(ours, 0) AS ours, coalesce(others, 0) AS others,
        countif(ours > 0) OVER (PARTITION BY problem_id) AS labelled,
        countif(ours_valid > 0) OVER (PARTITION BY problem_id) AS valid
    FROM hard JOIN correct USING (run, problem_id) LEFT JOIN marks USING (run, problem_id, sample_index)
)
SELECT run, dataset, verifier, problem_id, sample_index, accuracy, n, c, answer, labelled, valid, others
FROM listed
WHERE ours = 0
ORDER BY {order}
"""
_SOLVED = """
SELECT
    count(*) AS problems, countif(c > 0) AS solved, countif(c > 0 AND c / n <= $most) AS hard,
    min(c / n) FILTER (c > 0) AS lowest, coalesce(sum(c) FILTER (c > 0 AND c / n <= $most), 0)::BIGINT AS correct
FROM tallies
WHERE run = $run AND verifier = $verifier AND n > 0
"""


def answer(
    connection: duckdb.DuckDBPyConnection,
    *,
    run: str,
    verifier: str,
    reviewer: str | None,
    max_accuracy: float,
    order: str,
) -> Answer:
    """Return one row for each sample to read.

    Raises:
        Unanswerable: A parameter cannot be used, the run has no verdicts, or only counts of it were imported.
    """
    require_share(max_accuracy)
    if order not in _ORDERS:
        raise Unanswerable(f'order "{order}": choose one of {", ".join(_ORDERS)}')
    asked = {"run": run, "verifier": verifier, "most": max_accuracy}
    (there,) = rows(connection, _SOLVED, **asked)
    if not there["problems"]:
        raise without_verified(connection, verifier, [run])
    judged = "SELECT DISTINCT run FROM decided WHERE run = $run AND verifier = $verifier"
    require_samples([run], [row["run"] for row in rows(connection, judged, run=run, verifier=verifier)])
    sql = _SQL.format(order=_ORDERS[order])
    found = connection.sql(sql, params={**asked, "reviewer": reviewer}).to_arrow_table()
    return Answer(found, _notes(run, reviewer, max_accuracy, len(found), there))


def _notes(run: str, reviewer: str | None, most: float, left: int, there: dict[str, float]) -> list[str]:
    """Say how much is left, or why nothing is."""
    if not there["solved"]:
        return [f"{run} solves none of {there['problems']:,} problems: there is nothing to review"]
    if not there["hard"]:
        said = (
            f"{run} solves no problem at an accuracy of at most {most:g}; the hardest one that it solves is reached by"
        )
        return [f"{said} --max-accuracy {there['lowest']!r}"]
    done = int(there["correct"]) - left
    who = "anybody" if reviewer is None else reviewer
    return [f"{done:,} of {there['correct']:,} correct samples of {there['hard']:,} problems are labelled by {who}"]
