-- lengths: how many tokens samples have, correct and wrong apart
-- params   runs: runs, verifier: verifier = none
-- reads    samples, current_verdicts, verdicts
-- grain    run, status
-- columns  run, dataset, verifier, status, samples, unknown, mean, min, q05, q25, q50, q75, q95, max
-- Completion tokens, the end token included, over all samples of a run that did not fail; quantiles are interpolated.
-- `status` is all (judged or not), correct, or wrong (which no answer is too; an error or a timeout is neither), by the
-- verifier named, or the only one there is. `unknown` samples have no token count (some imported ones) and are in no
-- figure. What was cut at max_tokens has that length here: `truncation` says how many.
WITH judge AS (
    SELECT coalesce($verifier, CASE WHEN count(DISTINCT verifier) = 1 THEN any_value(verifier) END) AS verifier
    FROM verdicts
    WHERE list_contains($runs, run)
), judged AS (
    -- the verifier is asked for twice: what is bound reaches the files, what is joined does not
    SELECT run_id, problem_id, sample_index, CASE status WHEN 'correct' THEN 'correct' ELSE 'wrong' END AS status
    FROM current_verdicts JOIN judge USING (verifier)
    WHERE status IN ('correct', 'wrong', 'no_answer') AND verifier = coalesce($verifier, verifier)
), drawn AS (
    SELECT run, run_id, dataset, problem_id, sample_index, tokens
    FROM samples
    WHERE list_contains($runs, run) AND error IS NULL
), grouped AS (
    SELECT run, dataset, tokens, 'all' AS status
    FROM drawn
    UNION ALL
    SELECT run, dataset, tokens, status
    FROM drawn JOIN judged USING (run_id, problem_id, sample_index)
), spread AS (
    SELECT
        run, dataset, status,
        count(tokens) AS samples,
        count(*) - count(tokens) AS unknown,
        avg(tokens) AS mean,
        min(tokens) AS min,
        quantile_cont(tokens, [0.05, 0.25, 0.5, 0.75, 0.95]) AS points,
        max(tokens) AS max
    FROM grouped
    GROUP BY run, dataset, status
)
SELECT
    run, dataset, verifier, status, samples, unknown, mean, min,
    points[1] AS q05, points[2] AS q25, points[3] AS q50, points[4] AS q75, points[5] AS q95,
    max
FROM spread CROSS JOIN judge
ORDER BY run, status
