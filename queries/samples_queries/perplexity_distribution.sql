-- perplexity_distribution: how the perplexities of a problem's samples are spread, for all, correct and wrong ones
-- group    likelihood
-- params   runs: runs, verifier: verifier = only
-- reads    samples, current_verdicts, verdicts
-- grain    run, problem_id, status
-- columns  run, dataset, verifier, problem_id, status, samples, unknown, q05, q25, q50, q75, q95, mean_log
-- means    samples: samples of this status with a known perplexity; the figures are over them
--          unknown: samples of this status without a perplexity, such as failed ones
--          mean_log: mean log perplexity (natural log): the mean negative log-prob per token
-- example  samples query perplexity_distribution --runs base-7b --verifier math
--
-- The quantiles are of perplexities. They are NULL when no perplexity is known. `perplexity` explains the perplexity of
-- one sample.
WITH judge AS (
    SELECT coalesce($verifier, CASE WHEN count(DISTINCT verifier) = 1 THEN any_value(verifier) END) AS verifier
    FROM verdicts
    WHERE list_contains($runs, run)
), judged AS (
    -- the condition repeats the join, because DuckDB skips files by a bound value, but not by a joined one
    SELECT run_id, problem_id, sample_index, CASE status WHEN 'correct' THEN 'correct' ELSE 'wrong' END AS status
    FROM current_verdicts JOIN judge USING (verifier)
    WHERE status IN ('correct', 'wrong', 'no_answer') AND verifier = coalesce($verifier, verifier)
), measured AS (
    SELECT *, CASE WHEN error IS NULL AND tokens > 0 THEN -cumulative_logprob / tokens END AS log
    FROM samples
    WHERE list_contains($runs, run)
), finite AS (
    SELECT run, run_id, dataset, problem_id, sample_index, CASE WHEN isfinite(exp(log)) THEN log END AS log
    FROM measured
), grouped AS (
    SELECT run, dataset, problem_id, log, 'all' AS status
    FROM finite
    UNION ALL
    SELECT run, dataset, problem_id, log, status
    FROM finite JOIN judged USING (run_id, problem_id, sample_index)
), spread AS (
    SELECT
        run, dataset, problem_id, status,
        count(log) AS samples,
        count(*) - count(log) AS unknown,
        quantile_cont(exp(log), [0.05, 0.25, 0.5, 0.75, 0.95]) AS points,
        avg(log) AS mean_log
    FROM grouped
    GROUP BY run, dataset, problem_id, status
)
SELECT
    run, dataset, verifier, problem_id, status, samples, unknown,
    points[1] AS q05, points[2] AS q25, points[3] AS q50, points[4] AS q75, points[5] AS q95,
    mean_log
FROM spread CROSS JOIN judge
ORDER BY run, problem_id, status
