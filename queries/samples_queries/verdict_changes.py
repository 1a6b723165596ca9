"""verdict_changes: which samples are judged otherwise than before, or by another verifier.

params   runs: runs, from: text = none, to: text = none
reads    verdicts
grain    run, problem_id, sample_index
columns  run, dataset, problem_id, sample_index, from_status, to_status, from_answer, to_answer, from_reward, to_reward,
         from_detail, to_detail, from_pass, to_pass

`from` and `to` are VERIFIER@PASS, VERIFIER@VERSION or VERIFIER. math@2 is what counted as of pass 2: of each sample the
verdict of the highest pass of math up to 2, as a pass judges again only what it must. After the @ may stand a version
instead, or the beginning of only one: what that version last said of each sample. math alone is its current verdicts.
Without `to`: the current ones; without `from`: what counted before the passes of `to`, so that with neither it is the
latest pass that is asked about.

A change is another status, answer or reward. NULL is the status of a sample that one side had not judged. The
statuses' counts are in `verdict_transitions`.
"""

import duckdb
import pyarrow as pa

from samples_queries.passes import JOINED, sides

_SQL = f"""
{JOINED}
SELECT *
FROM joined
WHERE
    from_status IS DISTINCT FROM to_status
    OR from_answer IS DISTINCT FROM to_answer
    OR from_reward IS DISTINCT FROM to_reward
ORDER BY run, problem_id, sample_index
"""  # noqa: S608 - a constant of our own


def answer(connection: duckdb.DuckDBPyConnection, *, runs: list[str], **parameters: str | None) -> pa.Table:
    """Return the changes; `parameters` are from and to, the first of which is a word of Python's own.

    Raises:
        Unanswerable: One of them names no verifier, pass or version there is.
    """
    asked = sides(connection, runs, parameters["from"], parameters["to"])
    return connection.sql(_SQL, params=asked).to_arrow_table()
