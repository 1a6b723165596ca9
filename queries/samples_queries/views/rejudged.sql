-- rejudged: problems of which some sample may have verdicts of two passes still, so that each must be compared
-- reads    pass_ranges, superseded
-- made     once
-- Such as a pass that went over errors again. Passes over ranges apart (a larger k) need no comparing.
WITH meetings AS (
    SELECT run_id, verifier, problem_id, first <= max(last) OVER before AS meets
    FROM pass_ranges ANTI JOIN superseded USING (run_id, verifier, problem_id, pass_id)
    WINDOW before AS (
        PARTITION BY run_id, verifier, problem_id ORDER BY first, last
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    )
)
SELECT DISTINCT run_id, verifier, problem_id FROM meetings WHERE meets
