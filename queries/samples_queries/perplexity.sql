-- perplexity: how likely each sample was under the model that drew it (Yue et al. 2025, arXiv:2504.13837)
-- group    likelihood
-- params   runs: runs, verifier: verifier = only
-- reads    samples, current_verdicts, verdicts
-- grain    run, problem_id, sample_index
-- columns  run, dataset, problem_id, sample_index, tokens, cumulative_logprob, perplexity, verifier, status
-- means    tokens: completion tokens, the end token included; NULL when unknown
--          cumulative_logprob: sum of the tokens' log-probs (natural logs); NULL when unknown
--          perplexity: exp(-cumulative_logprob / tokens), at least 1; NULL when unknown or not finite
--          status: status of the sample's current verdict; NULL without a verdict
-- example  samples query perplexity --runs base-7b --verifier math
--
-- The log-probs are of the completion, without its prompt. They are those stored with the run, in the run's log-prob
-- mode. Failed samples and samples without tokens have no perplexity, nor have most imported ones.
WITH judge AS (
    SELECT coalesce($verifier, CASE WHEN count(DISTINCT verifier) = 1 THEN any_value(verifier) END) AS verifier
    FROM verdicts
    WHERE list_contains($runs, run)
), judged AS (
    -- the condition repeats the join, because DuckDB skips files by a bound value, but not by a joined one
    SELECT run_id, problem_id, sample_index, status
    FROM current_verdicts JOIN judge USING (verifier)
    WHERE verifier = coalesce($verifier, verifier)
), measured AS (
    SELECT *, CASE WHEN error IS NULL AND tokens > 0 THEN exp(-cumulative_logprob / tokens) END AS value
    FROM samples
    WHERE list_contains($runs, run)
)
SELECT
    run, dataset, problem_id, sample_index, tokens, cumulative_logprob,
    CASE WHEN isfinite(value) THEN value END AS perplexity,
    verifier, status
FROM measured CROSS JOIN judge LEFT JOIN judged USING (run_id, problem_id, sample_index)
ORDER BY run, problem_id, sample_index
