-- tallies: how each problem of each run fared under each verifier
-- reads    judges, superseded, rejudged, lake.verdicts, lake.samples, lake.counts, lake.runs
-- A sample that failed, or whose verdict is an error or a timeout, is in no n. A problem of which every sample
-- failed has no verdict, but is there. Verdicts are grouped by a hash of run and verifier, which are the same in all
-- of a file: two names as keys take half as long again.
WITH once AS (
    SELECT
        hash(run_id, verifier) AS judge, problem_id, count(*) AS verdicts, countif(status = 'correct') AS c,
        countif(status = 'error') AS errors, countif(status = 'timeout') AS timeouts
    FROM lake.verdicts
    ANTI JOIN superseded USING (run_id, verifier, problem_id, pass_id)
    ANTI JOIN rejudged USING (run_id, verifier, problem_id)
    GROUP BY ALL
), latest AS (
    SELECT run_id, verifier, problem_id, max_by(status, pass_id) AS status
    FROM lake.verdicts SEMI JOIN rejudged USING (run_id, verifier, problem_id)
    GROUP BY run_id, verifier, problem_id, sample_index
), parts AS (
    SELECT run_id, verifier, problem_id, verdicts - errors - timeouts AS n, c, errors, timeouts
    FROM once JOIN judges ON judge = hash(run_id, verifier)
    UNION ALL
    SELECT
        run_id, verifier, problem_id,
        count(*) FILTER (status IN ('correct', 'wrong', 'no_answer')), count(*) FILTER (status = 'correct'),
        count(*) FILTER (status = 'error'), count(*) FILTER (status = 'timeout')
    FROM latest
    GROUP BY ALL
    UNION ALL
    SELECT run_id, verifier, problem_id, 0, 0, count(*), 0
    FROM lake.samples JOIN judges USING (run_id)
    WHERE error IS NOT NULL
    GROUP BY ALL
    UNION ALL
    SELECT run_id, verifier, problem_id, n, c, errors, timeouts
    FROM lake.counts
)
SELECT
    any_value(name) AS run, run_id, any_value(dataset) AS dataset, problem_id, verifier,
    sum(n)::BIGINT AS n, sum(c)::BIGINT AS c, sum(errors)::BIGINT AS errors, sum(timeouts)::BIGINT AS timeouts
FROM parts JOIN lake.runs USING (run_id)
GROUP BY run_id, problem_id, verifier
