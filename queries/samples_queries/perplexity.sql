-- perplexity: how likely each sample was to its own model, exp(-cumulative_logprob / tokens)
-- params   runs: runs, verifier: verifier = none
-- reads    samples, current_verdicts, verdicts
-- grain    run, problem_id, sample_index
-- columns  run, dataset, problem_id, sample_index, tokens, cumulative_logprob, perplexity, verifier, status
-- Of the completion without its prompt, from the log-probs stored with the run, in the run's log-prob mode (Yue et al.
-- 2025, arXiv:2504.13837). NULL without tokens, on an error, where log-probs are unknown (most imported samples) and
-- where it is no finite number. `status` is the current verdict of the verifier named, or of the only one there is.
WITH judge AS (
    SELECT coalesce($verifier, CASE WHEN count(DISTINCT verifier) = 1 THEN any_value(verifier) END) AS verifier
    FROM verdicts
    WHERE list_contains($runs, run)
), judged AS (
    -- the verifier is asked for twice: what is bound reaches the files, what is joined does not
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
