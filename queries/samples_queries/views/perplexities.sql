-- perplexities: the samples with the natural log of their perplexity, which is the mean negative log-prob per token
-- reads    samples
-- It is NULL for a failed sample, without tokens or log-probs, and where the perplexity is no finite number.
SELECT
    *,
    CASE
        WHEN error IS NULL AND tokens > 0 AND isfinite(exp(-cumulative_logprob / tokens))
        THEN -cumulative_logprob / tokens
    END AS log_perplexity
FROM samples
