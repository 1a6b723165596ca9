-- tallies: counts of the current verdicts on each problem of each run by each verifier
-- reads    judged, judges, recounted, lake.samples, lake.counts, lake.runs
-- made     once
-- A sample that failed, or whose verdict is an error or a timeout, is not in n. A problem of which every sample failed
-- has no verdict, but it has a row.
WITH told AS (
    FROM judges
    UNION
    SELECT run_id, verifier FROM lake.counts
), parts AS (
    SELECT run_id, verifier, problem_id, verdicts, c, errors, timeouts
    FROM judged
    WHERE first_pass = last_pass
    UNION ALL
    SELECT run_id, verifier, problem_id, verdicts, c, errors, timeouts
    FROM recounted
    UNION ALL
    SELECT run_id, verifier, problem_id, count(*), 0, count(*), 0
    FROM lake.samples JOIN told USING (run_id)
    WHERE error IS NOT NULL
    GROUP BY ALL
    UNION ALL
    SELECT run_id, verifier, problem_id, n + errors + timeouts, c, errors, timeouts
    FROM lake.counts
)
SELECT
    any_value(name) AS run, run_id, any_value(dataset) AS dataset, problem_id, verifier,
    sum(verdicts - errors - timeouts)::BIGINT AS n, sum(c)::BIGINT AS c,
    sum(errors)::BIGINT AS errors, sum(timeouts)::BIGINT AS timeouts
FROM parts JOIN lake.runs USING (run_id)
GROUP BY run_id, problem_id, verifier
