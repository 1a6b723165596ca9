"""answers_by_run: how many different answers problems got on average (Wu et al. 2025, arXiv:2507.14843).

group    answers
params   runs: runs, verifier: verifier, merge: text = verifier
reads    given_answers
grain    run
columns  run, dataset, verifier, problems, answered, distinct_answers, entropy, top_share
means    problems: problems with a verified sample
         answered: problems with an extracted answer; the means are over them
         distinct_answers: mean number of different answers to a problem; NULL without an answer
         entropy: mean entropy of a problem's answers, in nats; NULL without an answer
         top_share: mean share of the most frequent answer of a problem, in [0, 1]; NULL without an answer
example  samples query answers_by_run --runs base-7b,rl-7b --verifier math

`answers` gives the same figures for each problem. `majority` explains merge.
"""

import duckdb
import pyarrow as pa

from samples_queries.merging import merged

_SQL = """
WITH shares AS (
    SELECT *, samples / sum(samples) FILTER (is_given) OVER (PARTITION BY run, problem_id) AS share
    FROM ({merged})
), per_problem AS (
    SELECT
        run, dataset, problem_id,
        nullif(count(*) FILTER (is_given), 0) AS distinct_answers,
        (-sum((share * ln(share))::DECIMAL(38, 20)) FILTER (is_given))::DOUBLE AS entropy,
        max(share) FILTER (is_given) AS top_share
    FROM shares
    GROUP BY ALL
)
SELECT
    run, dataset, $verifier AS verifier,
    count(*) AS problems,
    count(distinct_answers) AS answered,
    avg(distinct_answers) AS distinct_answers,
    list_avg(list(entropy ORDER BY entropy)) AS entropy,
    list_avg(list(top_share ORDER BY top_share)) AS top_share
FROM per_problem
GROUP BY run, dataset
ORDER BY run
"""


def answer(connection: duckdb.DuckDBPyConnection, *, runs: list[str], verifier: str, merge: str) -> pa.Table:
    """Return one row for each run with a verified sample.

    Raises:
        Unanswerable: `merge` is neither verifier nor none.
    """
    sql = _SQL.format(merged=merged(merge))
    return connection.sql(sql, params={"runs": runs, "verifier": verifier}).to_arrow_table()
