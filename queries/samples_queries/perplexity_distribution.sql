-- perplexity_distribution: how the perplexities of a problem's samples are spread, for all, correct and wrong ones
-- group    likelihood
-- params   runs: runs, verifier: verifier = only, scorer: scorer = none
-- reads    judged_perplexities, only_verifier
-- scored   scored_perplexities
-- takes    by
-- grain    run, problem_id, token_mode, status
-- columns  run, dataset, scorer, token_mode, verifier, problem_id, status, samples, unknown, q05, q25, q50, q75, q95,
--          mean_log, bits_per_byte
-- means    samples: samples of this status with a known perplexity; the figures are over them
--          unknown: samples of this status without a perplexity: failed, not scored, without tokens, or not finite
--          mean_log: mean log perplexity (natural log): the mean negative log-prob per token
--          bits_per_byte: median bits per byte of these samples; NULL when no bytes are known, as they are not for a
--            run's own log-probs
-- example  samples query perplexity_distribution --runs base-7b --verifier math
--
-- The quantiles are of perplexities. They are NULL when no perplexity is known. `perplexity` explains the perplexity of
-- one sample, and what a scorer is. With --scorer base-7b and the runs base-7b, rl-7b and o1, the rows are the boxes
-- Base(Base), Base(RL) and Base(o1) of arXiv:2504.13837, figure 6.
WITH spread AS (
    SELECT
        run, dataset, problem_id, token_mode, coalesce(verdict, 'all') AS status,
        count(log_perplexity) AS samples,
        count(*) - count(log_perplexity) AS unknown,
        quantile_cont(exp(log_perplexity), [0.05, 0.25, 0.5, 0.75, 0.95]) AS points,
        avg(log_perplexity::DECIMAL(38, 20)) AS mean_log,
        median(bits_per_byte) AS bits_per_byte
    FROM judged_perplexities
    WHERE list_contains($runs, run)
    GROUP BY GROUPING SETS (
        (run, dataset, problem_id, token_mode), (run, dataset, problem_id, token_mode, verdict)
    )
    HAVING grouping(verdict) = 1 OR verdict IS NOT NULL
)
SELECT
    run, dataset, coalesce($scorer, run) AS scorer, token_mode,
    coalesce($verifier, (FROM only_verifier)) AS verifier, problem_id, status, samples, unknown,
    points[1] AS q05, points[2] AS q25, points[3] AS q50, points[4] AS q75, points[5] AS q95,
    mean_log, bits_per_byte
FROM spread
ORDER BY run, problem_id, token_mode, status
