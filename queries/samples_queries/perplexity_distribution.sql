-- perplexity_distribution: how the perplexities of a problem's samples are spread, for all, correct and wrong ones
-- group    likelihood
-- params   runs: runs, verifier: verifier = only
-- reads    samples_by_status, only_verifier
-- takes    by
-- grain    run, problem_id, status
-- columns  run, dataset, verifier, problem_id, status, samples, unknown, q05, q25, q50, q75, q95, mean_log
-- means    samples: samples of this status with a known perplexity; the figures are over them
--          unknown: samples of this status without a perplexity, such as failed ones
--          mean_log: mean log perplexity (natural log): the mean negative log-prob per token
-- example  samples query perplexity_distribution --runs base-7b --verifier math
--
-- The quantiles are of perplexities. They are NULL when no perplexity is known. `perplexity` explains the perplexity of
-- one sample.
WITH spread AS (
    SELECT
        run, dataset, problem_id, status,
        count(log_perplexity) AS samples,
        count(*) - count(log_perplexity) AS unknown,
        quantile_cont(exp(log_perplexity), [0.05, 0.25, 0.5, 0.75, 0.95]) AS points,
        avg(log_perplexity::DECIMAL(38, 20)) AS mean_log
    FROM samples_by_status
    WHERE list_contains($runs, run)
    GROUP BY run, dataset, problem_id, status
)
SELECT
    run, dataset, coalesce($verifier, (FROM only_verifier)) AS verifier, problem_id, status, samples, unknown,
    points[1] AS q05, points[2] AS q25, points[3] AS q50, points[4] AS q75, points[5] AS q95,
    mean_log
FROM spread
ORDER BY run, problem_id, status
