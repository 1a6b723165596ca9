-- scored_perplexities: the samples with their perplexity under one scorer, named by the variable `scorer`
-- reads    samples, scores, scored_problems, own_likelihoods
-- The columns are those of `perplexities`. Tokens and log-probs are the scorer's, and NULL for a sample without a score.
-- Such a sample has the token mode that the other samples of its run have. Which rows count is said in `likelihoods`. They
-- are not read from it, because that would join samples with themselves. The variable `scorer_run` holds the id of the
-- scorer's own run, whose own log-probs count. The rows of problems that were scored whole are read from the scores alone,
-- without a join, which takes longer than all else. If there are no others, their join is not run. No question about a
-- scorer asks how a sample ended, which scores do not tell.
WITH given AS NOT MATERIALIZED (
    SELECT
        run_id, run, dataset, problem_id, sample_index, tokens, bytes, cumulative_logprob, end_logprob, token_mode, error
    FROM scores
    WHERE scorer = getvariable('scorer') AND error IS NULL
), again AS NOT MATERIALIZED (
    SELECT run_id, problem_id, sample_index, bytes, end_logprob
    FROM given
    WHERE run_id = getvariable('scorer_run') AND token_mode = 'ids'
), others AS NOT MATERIALIZED (
    FROM given WHERE run_id IS DISTINCT FROM getvariable('scorer_run')
), whole AS NOT MATERIALIZED (
    FROM scored_problems WHERE whole
), partly AS NOT MATERIALIZED (
    FROM scored_problems WHERE NOT whole
), modes AS (
    SELECT run_id, min(token_mode) AS usual FROM others GROUP BY run_id
), likely AS (
    SELECT
        run, run_id, dataset, problem_id, sample_index, error,
        CASE WHEN error IS NULL AND cumulative_logprob IS NOT NULL THEN tokens END AS tokens,
        CASE WHEN error IS NULL THEN cumulative_logprob END AS cumulative_logprob,
        bytes, end_logprob, 'ids' AS token_mode
    FROM (FROM samples WHERE run_id = getvariable('scorer_run'))
    LEFT JOIN again USING (run_id, problem_id, sample_index)
    UNION ALL BY NAME
    FROM others SEMI JOIN whole USING (run_id, problem_id)
    UNION ALL BY NAME
    SELECT
        samples.run, run_id, samples.dataset, problem_id, sample_index, samples.error, scored.tokens,
        scored.cumulative_logprob, bytes, end_logprob, coalesce(token_mode, usual) AS token_mode
    FROM (FROM samples SEMI JOIN partly USING (run_id, problem_id)) AS samples
    JOIN modes USING (run_id)
    LEFT JOIN (FROM others SEMI JOIN partly USING (run_id, problem_id)) AS scored
        USING (run_id, problem_id, sample_index)
)
SELECT
    run, run_id, dataset, problem_id, sample_index, tokens, cumulative_logprob, NULL::VARCHAR AS finish_reason, error,
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
