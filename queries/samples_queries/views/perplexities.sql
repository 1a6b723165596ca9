-- perplexities: the samples with the natural log of their perplexity, which is the mean negative log-prob per token
-- reads    samples
-- It is NULL for a failed sample, without tokens or log-probs, and where the perplexity or its inverse is not finite. So
-- it is at most 710, and its sums are exact as DECIMAL(38, 20). A question that names a scorer reads
-- `scored_perplexities` under this name.
SELECT
    run, run_id, dataset, problem_id, sample_index, tokens, cumulative_logprob, finish_reason, error,
    CASE
        WHEN error IS NULL AND tokens > 0 AND isfinite(exp(abs(cumulative_logprob / tokens)))
        THEN -cumulative_logprob / tokens
    END AS log_perplexity,
    'ids' AS token_mode,
    NULL::DOUBLE AS bits_per_byte
FROM samples
