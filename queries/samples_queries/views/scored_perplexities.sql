-- scored_perplexities: the samples with their perplexity under one scorer, named by the variable `scorer`
-- reads    samples, scores, own_likelihoods
-- The columns are those of `perplexities`. Tokens and log-probs are the scorer's, and NULL for a sample without a score.
-- Such a sample has the token mode that the other samples of its run have. Which rows count is said in `likelihoods`. They
-- are not read from it, because that would join samples with themselves.
WITH own AS (
    SELECT DISTINCT run_id FROM own_likelihoods WHERE scorer = getvariable('scorer')
), given AS (
    SELECT run_id, run, problem_id, sample_index, tokens, bytes, cumulative_logprob, end_logprob, token_mode
    FROM scores
    WHERE scorer = getvariable('scorer') AND error IS NULL
), again AS (
    SELECT run_id, problem_id, sample_index, bytes, end_logprob
    FROM given
    WHERE run = getvariable('scorer') AND token_mode = 'ids'
), others AS (
    SELECT * EXCLUDE (run) FROM given ANTI JOIN own USING (run_id)
), modes AS (
    SELECT run_id, min(token_mode) AS usual FROM others GROUP BY run_id
), likely AS (
    SELECT
        samples.* REPLACE (
            CASE WHEN error IS NULL AND cumulative_logprob IS NOT NULL THEN tokens END AS tokens,
            CASE WHEN error IS NULL THEN cumulative_logprob END AS cumulative_logprob
        ),
        bytes, end_logprob, 'ids' AS token_mode
    FROM samples SEMI JOIN own USING (run_id) LEFT JOIN again USING (run_id, problem_id, sample_index)
    UNION ALL
    SELECT
        samples.* REPLACE (others.tokens AS tokens, others.cumulative_logprob AS cumulative_logprob),
        bytes, end_logprob, coalesce(token_mode, usual) AS token_mode
    FROM samples JOIN modes USING (run_id) LEFT JOIN others USING (run_id, problem_id, sample_index)
)
SELECT
    * EXCLUDE (bytes, end_logprob, token_mode),
    CASE
        WHEN error IS NULL AND tokens > 0 AND isfinite(exp(abs(cumulative_logprob / tokens)))
        THEN -cumulative_logprob / tokens
    END AS log_perplexity,
    token_mode,
    CASE
        WHEN error IS NULL AND bytes > 0 AND isfinite(cumulative_logprob)
        THEN -(cumulative_logprob - coalesce(end_logprob, 0)) / ln(2) / bytes
    END AS bits_per_byte
FROM likely
