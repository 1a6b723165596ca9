-- lengths: how many tokens samples have, for all samples and for correct and wrong ones
-- group    health
-- params   runs: runs, verifier: verifier = only
-- reads    judged_perplexities, only_verifier
-- takes    by
-- grain    run, status
-- columns  run, dataset, verifier, status, samples, unknown, mean, min, q05, q25, q50, q75, q95, max
-- means    samples: samples with a known number of tokens; the figures are over them
--          unknown: samples without a number of tokens, such as some imported ones; they are in no figure
--          mean: mean number of completion tokens, the end token included
--          min: smallest number of tokens
--          max: largest number of tokens
-- example  samples query lengths --runs base-7b,rl-7b --verifier math
--
-- Failed samples are left out. Samples cut at max_tokens have that length here: `truncation` counts them.
WITH spread AS (
    SELECT
        run, dataset, coalesce(verdict, 'all') AS status,
        count(tokens) AS samples,
        count(*) - count(tokens) AS unknown,
        avg(tokens) AS mean,
        min(tokens) AS min,
        quantile_cont(tokens, [0.05, 0.25, 0.5, 0.75, 0.95]) AS points,
        max(tokens) AS max
    FROM judged_perplexities
    WHERE list_contains($runs, run) AND error IS NULL
    GROUP BY GROUPING SETS ((run, dataset), (run, dataset, verdict))
    HAVING grouping(verdict) = 1 OR verdict IS NOT NULL
)
SELECT
    run, dataset, coalesce($verifier, (FROM only_verifier)) AS verifier, status, samples, unknown, mean, min,
    points[1] AS q05, points[2] AS q25, points[3] AS q50, points[4] AS q75, points[5] AS q95,
    max
FROM spread
ORDER BY run, status
