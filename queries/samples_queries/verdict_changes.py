"""verdict_changes: which samples got another verdict than before, or from another verifier.

group    health
params   runs: runs, from: text = none, to: text = none
reads    verdicts
grain    run, problem_id, sample_index
columns  run, dataset, problem_id, sample_index, from_status, to_status, from_answer, to_answer, from_reward, to_reward,
         from_detail, to_detail, from_pass, to_pass
means    from_answer: answer that the earlier verdict extracted; NULL when there is none
         to_answer: answer that the later verdict extracted; NULL when there is none
         from_reward: reward of the earlier verdict; NULL when there is none
         to_reward: reward of the later verdict; NULL when there is none
         from_detail: short reason of the earlier verdict; NULL when there is none
         to_detail: short reason of the later verdict; NULL when there is none
         from_pass: pass of the earlier verdict; NULL when there is no verdict
         to_pass: pass of the later verdict; NULL when there is no verdict
example  samples query verdict_changes --from math@1 --to math@2

A change is another status, another answer or another reward. `verdict_transitions` counts the changes of status.

- math means the current verdicts of the verifier math.
- math@2 means the verdicts that were current after pass 2. A pass judges only samples that need it, so a sample's
  verdict may come from an earlier pass.
- math@VERSION means the last verdict that this version gave each sample. The beginning of a version is enough when only
  one version begins so.

Without `to`, the current verdicts are meant: of the verifier of `from`, or of the only one there is. Without `from`,
the verdicts before the passes of `to` are meant. Without both, the query shows what the latest pass changed.
"""

import duckdb
import pyarrow as pa

from samples_queries.passes import joined

_SQL = """
SELECT *
FROM joined
WHERE
    from_status IS DISTINCT FROM to_status
    OR from_answer IS DISTINCT FROM to_answer
    OR from_reward IS DISTINCT FROM to_reward
ORDER BY run, problem_id, sample_index
"""


def answer(connection: duckdb.DuckDBPyConnection, *, runs: list[str], **parameters: str | None) -> pa.Table:
    """Return the changes. `parameters` has from and to, because Python does not allow a parameter called from.

    Raises:
        Unanswerable: One of them names a verifier, pass or version that is not there.
    """
    with_joined, asked = joined(connection, runs, parameters["from"], parameters["to"])
    return connection.sql(with_joined + _SQL, params=asked).to_arrow_table()
