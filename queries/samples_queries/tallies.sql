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
), judges AS (
    SELECT DISTINCT run_id, verifier FROM verdicts
), outcomes AS (
    SELECT run_id, problem_id, verifier, status FROM current_verdicts
    UNION ALL -- a problem of which every sample failed has no verdict, but is there
    SELECT run_id, problem_id, verifier, 'error' FROM samples JOIN judges USING (run_id) WHERE error IS NOT NULL
)
SELECT
    runs.name AS run,
    runs.dataset,
    problem_id,
    verifier,
    count(*) FILTER (status IN ('correct', 'wrong', 'no_answer')) AS n,
    count(*) FILTER (status = 'correct') AS c,
    count(*) FILTER (status = 'error') AS errors,
    count(*) FILTER (status = 'timeout') AS timeouts
FROM outcomes
JOIN runs USING (run_id)
GROUP BY ALL
ORDER BY run, problem_id, verifier
