"""coverage_many: how many problems are solved by which set of runs, for each set that solves any.

group    two runs
params   runs: runs, verifier: verifier, threshold: int = 1, at_n: int = none, problem_set: problems = common
reads    verified
grain    dataset, solved_by
columns  dataset, solved_by, problems, share, problem_ids, n, runs, unpaired
means    runs: the runs to compare, by name or by the beginning of an id; the column has those with verified samples
         solved_by: the runs that solve the problem, sorted; the other runs do not solve it
         problems: problems that exactly these runs solve; with at_n the expected number
         share: these problems as a share of those in all rows of the dataset, in [0, 1]
         problem_ids: ids of these problems, sorted; NULL with at_n, where a problem has each set with a chance
         n: fewest verified samples of each of runs of these problems, in the same order; NULL when there are none; with
           at_n this number
         unpaired: problems in no row: some run has no verified sample of them, or saw another version
example  samples query coverage_many --runs base-7b,rl-7b,distilled-7b --verifier math

The answer always has a row for the problems that no run solves. `coverage` explains at_n.
"""

from itertools import compress, product
from math import fsum
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from samples_queries import Answer, Unanswerable
from samples_queries.chances import Floats
from samples_queries.groups import rows
from samples_queries.outcomes import settled_for, solving, unequal, whole
from samples_queries.problem_sets import MODES

_MOST_RUNS = 12  # with thinned samples, each problem has each of 2^12 sets with a chance

_PROBLEMS = """
WITH shared AS (
    SELECT
        dataset, problem_id, list(run ORDER BY run) AS runs,
        list(n ORDER BY run) AS n, list(c ORDER BY run) AS c
    FROM compared
    GROUP BY dataset, problem_id
    HAVING min(n) >= $least
), apart AS (
    SELECT dataset, count(DISTINCT problem_id) FILTER (NOT shared) AS unpaired FROM judged_problems GROUP BY dataset
)
SELECT
    dataset, any_value(runs) AS runs, any_value(unpaired) AS unpaired,
    list(problem_id ORDER BY problem_id) AS ids, list(n ORDER BY problem_id) AS n, list(c ORDER BY problem_id) AS c
FROM shared JOIN apart USING (dataset)
GROUP BY dataset
ORDER BY dataset
"""


def answer(
    connection: duckdb.DuckDBPyConnection,
    *,
    runs: list[str],
    verifier: str,
    threshold: int,
    at_n: int | None,
    problem_set: str,
) -> Answer:
    """Return one row for each set of runs that solves a problem, and one for the empty set.

    Raises:
        Unanswerable: A run has no verdicts, the runs share no problem, none has `at_n` samples, a number is below 1, or
            there are too many runs for `at_n`.
    """
    if problem_set not in MODES:
        raise Unanswerable(f'problem_set "{problem_set}": choose one of {", ".join(MODES)}')
    # A problem has an outcome only where every run has it, whichever set is asked for.
    notes = settled_for(connection, runs, verifier, threshold=threshold, at_n=at_n, problem_set="common", paired=False)
    found: list[dict[str, Any]] = []
    for shared in rows(connection, _PROBLEMS, least=at_n or 1):
        n, c = (np.array(shared[name], np.int64) for name in ("n", "c"))
        if at_n is None and (
            note := unequal(shared["dataset"], dict(zip(shared["runs"], n.T, strict=True)), threshold)
        ):
            notes.append(note)
        solved = np.stack([solving(*run, threshold, at_n) for run in zip(n.T, c.T, strict=True)])
        for row in _rows(shared["runs"], solved):
            places = row.pop("places")
            drawn = n[places].min(axis=0).tolist() if len(places) else None
            row["problems"] = whole([row["problems"]], at_n)[0]
            row["problem_ids"] = None if at_n else [shared["ids"][place] for place in places]
            row["n"] = drawn if at_n is None else [at_n] * len(shared["runs"])
            found.append({name: shared[name] for name in ("dataset", "runs", "unpaired")} | row)
    schema = pa.schema(
        [
            ("dataset", pa.string()),
            ("solved_by", pa.list_(pa.string())),
            ("problems", pa.float64() if at_n else pa.int64()),
            ("share", pa.float64()),
            ("problem_ids", pa.list_(pa.string())),
            ("n", pa.list_(pa.int64())),
            ("runs", pa.list_(pa.string())),
            ("unpaired", pa.int64()),
        ]
    )
    return Answer(pa.Table.from_pylist(found, schema=schema), notes)


def _rows(runs: list[str], solved: Floats) -> list[dict[str, Any]]:
    """Return the sets of runs, the largest first, with the number of their problems and the places of these.

    `solved` is the chance that a run solves a problem, [runs, problems]. Sets that surely solve no problem are left
    out, but not the empty set.

    Raises:
        Unanswerable: There are too many sets.
    """
    sure = np.all((solved == 0) | (solved == 1))
    if not sure and len(runs) > _MOST_RUNS:
        raise Unanswerable(f"at_n with {len(runs)} runs: expected at most {_MOST_RUNS}")
    sets = (
        {tuple(column) for column in solved.T.astype(bool).tolist()}
        if sure
        else product([False, True], repeat=len(runs))
    )
    found: list[dict[str, Any]] = []
    for members in {*sets, (False,) * len(runs)}:
        inside = np.array(members)[:, None]
        chances = np.where(inside, solved, 1 - solved).prod(axis=0)
        problems = fsum(chances)
        if problems or not any(members):
            by = list(compress(runs, members))
            share = problems / solved.shape[1]
            found.append({"solved_by": by, "problems": problems, "share": share, "places": np.flatnonzero(chances)})
    return sorted(found, key=lambda row: (-len(row["solved_by"]), row["solved_by"]))
