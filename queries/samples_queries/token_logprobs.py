"""token_logprobs: one sample, token by token, under the run that drew it and under each scorer.

group    likelihood
params   run: run, problem_id: text, sample_index: int, scorer: scorer = none
reads    runs, completions, score_logprobs
grain    scorer, own, position
columns  run, dataset, problem_id, sample_index, scorer, own, token_mode, logprobs_mode, position, token_id, logprob
means    scorer: name of the scorer, or of the run for its own log-probs
         own: whether these are the log-probs that the run stored when it was drawn
         logprobs_mode: raw_logprobs, or what else the run stored; NULL when it is not recorded
         position: place of the token in the completion, from 0
         token_id: id of the token; NULL when it is not stored
         logprob: natural log-prob of the token after the prompt and the tokens before it
example  samples query token_logprobs --run rl-7b --problem-id p1 --sample-index 0

Without a scorer, all that scored the sample are shown. The run's own log-probs come first. With token mode text the
tokens are those of the scorer's tokenizer, so that positions do not compare. `samples show` has the text of tokens.
"""

import duckdb
import pyarrow as pa

from samples_queries import Unanswerable

_SQL = """
WITH drawn AS (
    SELECT
        run, run_id, completions.dataset, problem_id, sample_index, token_ids, token_logprobs,
        CASE
            WHEN engine <> 'imported'
            THEN coalesce(json_extract_string(specification, '/sampling/logprobs_mode'), 'raw_logprobs')
        END AS logprobs_mode
    FROM completions JOIN runs USING (run_id, run)
    WHERE run = $run AND problem_id = $problem_id AND sample_index = $sample_index
), scored AS (
    SELECT run, run_id, dataset, problem_id, sample_index, scorer, token_mode, token_ids, token_logprobs
    FROM score_logprobs
    WHERE run = $run AND problem_id = $problem_id AND sample_index = $sample_index AND coalesce(scorer = $scorer, true)
), listed AS (
    SELECT
        run, dataset, problem_id, sample_index, run AS scorer, true AS own, 'ids' AS token_mode, logprobs_mode,
        token_ids, token_logprobs
    FROM drawn
    WHERE token_logprobs IS NOT NULL
    UNION ALL
    SELECT
        scored.run, scored.dataset, scored.problem_id, scored.sample_index, scorer, false, token_mode, 'raw_logprobs',
        coalesce(scored.token_ids, drawn.token_ids), scored.token_logprobs
    FROM scored LEFT JOIN drawn USING (run_id, problem_id, sample_index)
)
SELECT
    run, dataset, problem_id, sample_index, scorer, own, token_mode, logprobs_mode,
    unnest(range(len(token_logprobs)))::INTEGER AS position,
    unnest(token_ids) AS token_id,
    unnest(token_logprobs)::DOUBLE AS logprob
FROM listed
ORDER BY NOT own, scorer, position
"""


def answer(
    connection: duckdb.DuckDBPyConnection, *, run: str, problem_id: str, sample_index: int, scorer: str | None
) -> pa.Table:
    """Return one row for each token and scorer.

    Raises:
        Unanswerable: There is no such sample, or no token of it has a log-prob.
    """
    key = {"run": run, "problem_id": problem_id, "sample_index": sample_index}
    found = connection.sql(_SQL, params={**key, "scorer": scorer}).to_arrow_table()
    if not len(found):
        raise Unanswerable(
            f"sample {sample_index} of problem {problem_id} of run {run} is not there, or has no token log-probs: "
            f"samples show {run} {problem_id} {sample_index} says which"
        )
    return found
