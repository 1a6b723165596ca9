"""verdict_transitions: how many samples went from which status to which, between passes or verifiers.

group    health
params   runs: runs, from: text = none, to: text = none
reads    verdicts
grain    run, from_status, to_status
columns  run, dataset, from_status, to_status, samples, problems, other_answer, example_problem_id, example_sample_index
means    samples: samples with these two statuses
         problems: problems of these samples
         other_answer: samples of these whose extracted answer changed
example  samples query verdict_transitions --from math@1 --to math@2

Every sample that has a verdict on either side is counted, changed or not. `verdict_changes` lists the changed samples,
and explains `from` and `to`.
"""

import duckdb
import pyarrow as pa

from samples_queries.passes import joined

_SQL = """
, per_problem AS (
    SELECT
        run, dataset, from_status, to_status, problem_id,
        count(*) AS samples,
        count(*) FILTER (from_answer IS DISTINCT FROM to_answer) AS other_answer,
        min(sample_index) AS first
    FROM joined
    GROUP BY run, dataset, from_status, to_status, problem_id
)
SELECT
    run, dataset, from_status, to_status,
    sum(samples)::BIGINT AS samples,
    count(*) AS problems,
    sum(other_answer)::BIGINT AS other_answer,
    min(problem_id) AS example_problem_id,
    arg_min(first, problem_id) AS example_sample_index
FROM per_problem
GROUP BY run, dataset, from_status, to_status
ORDER BY run, from_status NULLS FIRST, to_status NULLS FIRST
"""


def answer(connection: duckdb.DuckDBPyConnection, *, runs: list[str], **parameters: str | None) -> pa.Table:
    """Return the counts. `parameters` has from and to, because Python does not allow a parameter called from.

    Raises:
        Unanswerable: One of them names a verifier, pass or version that is not there.
    """
    with_joined, asked = joined(connection, runs, parameters["from"], parameters["to"])
    return connection.sql(with_joined + _SQL, params=asked).to_arrow_table()
