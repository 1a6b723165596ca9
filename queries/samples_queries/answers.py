"""answers: how many different answers the samples of each problem gave, and which answer was the most frequent.

group    answers
params   runs: runs, verifier: verifier, merge: text = verifier
reads    given_answers
grain    run, problem_id
columns  run, dataset, verifier, problem_id, n, answered, distinct_answers, entropy, top_answer, top_votes,
         top_share, top_status
means    answered: samples of these n with an answer that the verifier extracted
         distinct_answers: number of different answers
         entropy: entropy of the answers in nats; 0 when all are the same; NULL without an answer
         top_answer: the most frequent answer, in its most frequent form; NULL without an answer
         top_votes: samples that gave the most frequent answer; NULL without an answer
         top_share: top_votes as a share of answered, in [0, 1]; NULL without an answer
         top_status: correct or wrong: the verdict on the most frequent answer; NULL without an answer
example  samples query answers --runs base-7b --verifier math

The entropy is that of Wu et al. 2025 (arXiv:2507.14843). When several answers are the most frequent, a correct one is
shown, then the first in the order of text. When a verifier judged one answer both ways, the more frequent verdict
counts, and correct wins a tie. `majority` says how often a vote elects a correct answer, and explains merge.
`answers_by_run` gives means over problems.
"""

import duckdb
import pyarrow as pa

from samples_queries.merging import merged

_SQL = """
WITH votes AS ({merged}), ranked AS (
    SELECT
        *, sum(samples) FILTER (is_given) OVER problem AS answered,
        row_number() OVER (problem ORDER BY NOT is_given, samples DESC, 2 * correct < samples, text) AS place
    FROM votes
    WINDOW problem AS (PARTITION BY run, problem_id)
)
SELECT
    run, dataset, $verifier AS verifier, problem_id,
    sum(samples)::BIGINT AS n,
    coalesce(any_value(answered), 0)::BIGINT AS answered,
    count(*) FILTER (is_given) AS distinct_answers,
    -- ln(answered) - sum(samples * ln(samples)) / answered is the same, but loses digits
    (-sum((samples / answered * ln(samples / answered))::DECIMAL(38, 20)) FILTER (is_given))::DOUBLE AS entropy,
    any_value(text) FILTER (place = 1) AS top_answer,
    any_value(samples) FILTER (place = 1 AND is_given) AS top_votes,
    any_value(samples / answered) FILTER (place = 1 AND is_given) AS top_share,
    any_value(CASE WHEN 2 * correct >= samples THEN 'correct' ELSE 'wrong' END) FILTER (place = 1 AND is_given)
        AS top_status
FROM ranked
GROUP BY run, dataset, problem_id
ORDER BY run, problem_id
"""


def answer(connection: duckdb.DuckDBPyConnection, *, runs: list[str], verifier: str, merge: str) -> pa.Table:
    """Return one row for each problem with a verified sample.

    Raises:
        Unanswerable: `merge` is neither verifier nor none.
    """
    sql = _SQL.format(merged=merged(merge))
    return connection.sql(sql, params={"runs": runs, "verifier": verifier}).to_arrow_table()
