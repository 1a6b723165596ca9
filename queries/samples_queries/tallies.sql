-- tallies: how each problem of each run fared under each verifier
-- params
-- reads    runs, samples, verdicts
-- grain    run, problem_id, verifier
-- columns  run, dataset, problem_id, verifier, n, c, errors, timeouts
-- n counts the samples with a verdict of right or wrong (an answer that is missing is wrong); a sample that
-- failed, or whose verdict is an error or a timeout, is counted apart and is in no n.
WITH current_verdicts AS (
    SELECT run_id, problem_id, sample_index, verifier, max_by(status, pass_id) AS status
    FROM verdicts
    GROUP BY ALL
), failed AS (
    SELECT run_id, problem_id, count(*) AS failed FROM samples WHERE error IS NOT NULL GROUP BY ALL
)
SELECT
    runs.name AS run,
    runs.dataset,
    problem_id,
    verifier,
    count(*) FILTER (status IN ('correct', 'wrong', 'no_answer')) AS n,
    count(*) FILTER (status = 'correct') AS c,
    count(*) FILTER (status = 'error') + coalesce(any_value(failed.failed), 0) AS errors,
    count(*) FILTER (status = 'timeout') AS timeouts
FROM current_verdicts
JOIN runs USING (run_id)
LEFT JOIN failed USING (run_id, problem_id)
GROUP BY ALL
ORDER BY run, problem_id, verifier
