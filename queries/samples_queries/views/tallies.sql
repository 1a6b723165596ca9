-- tallies: how each problem of each run fared under each verifier
-- reads    current_verdicts, lake.verdicts, lake.samples, lake.counts, lake.runs
-- A sample that failed, or whose verdict is an error or a timeout, is in no n. A problem of which every sample
-- failed has no verdict, but is there.
WITH judges AS (
    SELECT DISTINCT run_id, verifier FROM lake.verdicts
), parts AS (
    SELECT
        run_id, problem_id, verifier,
        count(*) FILTER (status IN ('correct', 'wrong', 'no_answer')) AS n,
        count(*) FILTER (status = 'correct') AS c,
        count(*) FILTER (status = 'error') AS errors,
        count(*) FILTER (status = 'timeout') AS timeouts
    FROM current_verdicts
    GROUP BY ALL
    UNION ALL
    SELECT run_id, problem_id, verifier, 0, 0, count(*), 0
    FROM lake.samples JOIN judges USING (run_id)
    WHERE error IS NOT NULL
    GROUP BY ALL
    UNION ALL
    SELECT run_id, problem_id, verifier, n, c, errors, timeouts
    FROM lake.counts
)
SELECT
    any_value(name) AS run, run_id, any_value(dataset) AS dataset, problem_id, verifier,
    sum(n)::BIGINT AS n, sum(c)::BIGINT AS c, sum(errors)::BIGINT AS errors, sum(timeouts)::BIGINT AS timeouts
FROM parts JOIN lake.runs USING (run_id)
GROUP BY run_id, problem_id, verifier
