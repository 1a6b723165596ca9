-- recounted: counts of the current verdicts on each problem that a verifier judged in several passes
-- reads    several, superseded, rejudged, lake.verdicts
-- made     once
WITH current AS (
    SELECT run_id, verifier, problem_id, status
    FROM lake.verdicts
    SEMI JOIN several USING (run_id, verifier, problem_id)
    ANTI JOIN superseded USING (run_id, verifier, problem_id, pass_id)
    ANTI JOIN rejudged USING (run_id, verifier, problem_id)
    UNION ALL
    SELECT run_id, verifier, problem_id, max_by(status, pass_id)
    FROM lake.verdicts SEMI JOIN rejudged USING (run_id, verifier, problem_id)
    GROUP BY run_id, verifier, problem_id, sample_index
)
SELECT
    run_id, verifier, problem_id, count(*) AS verdicts,
    countif(status = 'correct') AS c,
    count(*) - countif(status = 'correct') - countif(status = 'wrong') - countif(status = 'no_answer')
        - countif(status = 'timeout') AS errors,
    countif(status = 'timeout') AS timeouts
FROM current
GROUP BY ALL
