"""review_agreement: how often two reviewers gave the same samples the same label, and Cohen's kappa.

group    reviews
formula  kappa = (share - chance) / (1 - chance)
params   runs: runs, first: text = none, second: text = none
reads    reviews
grain    run, label_first, label_second
columns  run, dataset, first, second, label_first, label_second, samples, problems, both, agree, share, kappa,
         only_first, only_second
means    first: name of one reviewer; without first and second, the only two reviewers of these runs
         second: name of the other reviewer
         label_first: current label of the first reviewer
         label_second: current label of the second reviewer
         samples: samples with these two labels
         problems: problems of these samples
         both: samples of the run that both labelled
         agree: samples of these with the same label
         share: agree as a share of both, in [0, 1]
         kappa: Cohen's kappa, at most 1: agreement beyond chance; 0 is chance; NULL when chance already agrees fully
         only_first: samples of the run that only the first labelled; they are in no other column
         only_second: samples of the run that only the second labelled
example  samples query review_agreement --runs base-7b --first ann --second bob

Kappa is (share - chance) / (1 - chance). Chance is the agreement of two independent reviewers who give each label as
often as these do. Unclear is a label like the others. Kappa is Cohen's (1960, Educational and Psychological Measurement
20:37). It is NULL when both give all samples one and the same label.
"""

from typing import Any

import duckdb
import pyarrow as pa

from samples_queries import Answer, Unanswerable
from samples_queries.groups import rows
from samples_queries.reviewers import require_reviewer, reviewers

_PAIR = 2  # reviewers

_SQL = """
WITH given AS (
    SELECT run, dataset, problem_id, sample_index, reviewer, label FROM reviews WHERE list_contains($runs, run)
), sides AS (
    SELECT
        run, dataset, problem_id, sample_index,
        any_value(label) FILTER (reviewer = $first) AS label_first,
        any_value(label) FILTER (reviewer = $second) AS label_second
    FROM given
    WHERE reviewer IN ($first, $second)
    GROUP BY ALL
)
SELECT
    run, dataset, label_first, label_second, count(*) AS samples, count(DISTINCT problem_id) AS problems
FROM sides
GROUP BY ALL
ORDER BY run, label_first, label_second
"""
_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("run", "dataset", "first", "second", "label_first", "label_second")),
        *((name, pa.int64()) for name in ("samples", "problems", "both", "agree")),
        *((name, pa.float64()) for name in ("share", "kappa")),
        *((name, pa.int64()) for name in ("only_first", "only_second")),
    ]
)


def answer(connection: duckdb.DuckDBPyConnection, *, runs: list[str], first: str | None, second: str | None) -> Answer:
    """Return one row for each run and pair of labels that occurs.

    Raises:
        Unanswerable: It is not clear which two reviewers are meant, one labelled no sample, or no sample has labels of
            both.
    """
    one, other = _pair([*reviewers(connection, runs)], runs, first, second)
    pairs: dict[str, list[dict[str, Any]]] = {run: [] for run in runs}
    for row in rows(connection, _SQL, runs=runs, first=one, second=other):
        pairs[row["run"]].append(row)
    found = [row for some in pairs.values() for row in _agreed(some, one, other)]
    if not found:
        raise Unanswerable(f"no sample of {', '.join(runs)} has labels of both {one} and {other}")
    there = {row["run"] for row in found}
    notes = [f"{run}: no sample has labels of both {one} and {other}" for run in runs if run not in there]
    return Answer(pa.Table.from_pylist(found, schema=_SCHEMA), notes)


def _pair(there: list[str], runs: list[str], first: str | None, second: str | None) -> tuple[str, str]:
    """Return the two reviewers that are meant."""
    for name in (first, second):
        if name is not None:
            require_reviewer(there, name, runs)
    rest = [name for name in there if name not in {first, second}]
    given = [name for name in (first, second) if name is not None]
    if len(given) + len(rest) != _PAIR and len(given) < _PAIR:
        raise Unanswerable(
            f"two reviewers are compared, and these labelled samples of {', '.join(runs)}: {', '.join(there)}; name "
            "two with first and second"
        )
    if first is not None and first == second:
        raise Unanswerable(f"first and second are both {first}: name two reviewers")
    rest.reverse()
    one = rest.pop() if first is None else first
    return one, rest.pop() if second is None else second


def _agreed(pairs: list[dict[str, Any]], first: str, second: str) -> list[dict[str, Any]]:
    """Return the pairs of labels of one run, each with the agreement over all of them."""
    shared = [row for row in pairs if None not in {row["label_first"], row["label_second"]}]
    both = sum(row["samples"] for row in shared)
    if not both:
        return []
    agree = sum(row["samples"] for row in shared if row["label_first"] == row["label_second"])
    labels = {row[side] for row in shared for side in ("label_first", "label_second")}
    times = [
        [sum(row["samples"] for row in shared if row[side] == label) for label in sorted(labels)]
        for side in ("label_first", "label_second")
    ]
    chance = sum(one * other for one, other in zip(*times, strict=True))  # times both: whole numbers
    about = {
        "first": first,
        "second": second,
        "both": both,
        "agree": agree,
        "share": agree / both,
        "kappa": (agree * both - chance) / (both * both - chance) if chance < both * both else None,
        "only_first": sum(row["samples"] for row in pairs if row["label_second"] is None),
        "only_second": sum(row["samples"] for row in pairs if row["label_first"] is None),
    }
    return [{**row, **about} for row in shared]
