"""pass_at_k_by_problem: unbiased pass@k of each problem of each run (Chen et al. 2021, arXiv:2107.03374, eq. 1).

group    accuracy
formula  pass@k = 1 - C(n-c, k) / C(n, k)
params   runs: runs, verifier: verifier, ks: ints = none
reads    verified
grain    run, dataset, verifier, problem_id, k
columns  run, dataset, verifier, problem_id, k, n, c, pass_at_k, problem_hash
means    k: number of samples drawn from the problem
         ks: the values of k; without them 1, 2, 4, … and the largest n; "all" is every k up to that
         c: samples of these n that are correct
         problem_hash: hash of the problem's content as the run saw it: problems of one id and two hashes are not the
           same; NULL when it is unknown
example  samples query pass_at_k_by_problem --runs base-7b --verifier math --ks 8

A problem has no row for a k above its n.
"""

import duckdb
import numpy as np
import pyarrow as pa

from samples_queries import Answer, Unanswerable
from samples_queries.chances import all_wrong
from samples_queries.groups import distinct, without_verified
from samples_queries.problem_notes import beyond
from samples_queries.problem_sets import choice

_SQL = """
SELECT run, dataset, verifier, problem_id, n, c, version AS problem_hash
FROM verified
WHERE list_contains($runs, run) AND verifier = $verifier
ORDER BY run, dataset, problem_id
"""


def answer(connection: duckdb.DuckDBPyConnection, *, runs: list[str], verifier: str, ks: list[int] | None) -> Answer:
    """Return pass@k of each problem, at each k that it reaches.

    Raises:
        Unanswerable: A k is below 1, there are no verdicts, or a k is above the largest n.
    """
    problems = connection.sql(_SQL, params={"runs": runs, "verifier": verifier}).to_arrow_table()
    there = set(problems["run"].unique().to_pylist())
    why = without_verified(connection, verifier, [run for run in runs if run not in there])
    if not there:
        raise why
    drawn = problems["n"].to_numpy()
    most = int(drawn.max())
    chosen = choice(most, most, ks, each=True)
    about = {"dataset": ", ".join(dict.fromkeys(problems["dataset"].to_pylist())), "most": most, "runs": runs}
    notes = [
        *([f"left out: {why}"] if there < {*runs} else []),
        *([beyond(about, chosen.beyond)] if chosen.beyond else []),
    ]
    if not len(chosen.ks):
        raise Unanswerable("; ".join(notes))
    wanted = chosen.ks
    n, c, (place,) = distinct([(drawn, problems["c"].to_numpy())])
    parts: list[pa.Table] = []
    for block, wrong in all_wrong(n, c, wanted, rows=len(place)):
        chances = 1 - wrong[place]
        row, column = np.nonzero(~np.isnan(chances))
        columns = [problems.take(row), pa.table({"k": block[column], "pass_at_k": chances[row, column]})]
        parts.append(pa.table({name: table[name] for table in columns for name in table.column_names}))
    order = [(name, "ascending") for name in ("run", "dataset", "problem_id", "k")]
    columns = ["run", "dataset", "verifier", "problem_id", "k", "n", "c", "pass_at_k", "problem_hash"]
    return Answer(pa.concat_tables(parts).sort_by(order).select(columns), notes)
