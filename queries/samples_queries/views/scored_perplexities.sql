-- scored_perplexities: the samples with their perplexity under one scorer, named by the variable `scorer`
-- reads    samples, likelihoods
-- The columns are those of `perplexities`. Tokens and log-probs are the scorer's, and NULL for a sample without a score.
-- Such a sample has the token mode that the other samples of its run have.
WITH given AS (
    SELECT run_id, problem_id, sample_index, tokens, bytes, cumulative_logprob, end_logprob, token_mode
    FROM likelihoods
    WHERE scorer = getvariable('scorer')
), modes AS (
    SELECT run_id, min(token_mode) AS usual FROM given GROUP BY run_id
)
SELECT
    samples.* REPLACE (given.tokens AS tokens, given.cumulative_logprob AS cumulative_logprob),
    CASE
        WHEN error IS NULL AND given.tokens > 0 AND isfinite(exp(abs(given.cumulative_logprob / given.tokens)))
        THEN -given.cumulative_logprob / given.tokens
    END AS log_perplexity,
    coalesce(token_mode, usual) AS token_mode,
    CASE
        WHEN error IS NULL AND bytes > 0 AND isfinite(given.cumulative_logprob)
        THEN -(given.cumulative_logprob - coalesce(end_logprob, 0)) / ln(2) / bytes
    END AS bits_per_byte
FROM samples
JOIN modes USING (run_id)
LEFT JOIN given USING (run_id, problem_id, sample_index)
