-- rejudged: problems on which passes overlap, so that their verdicts are compared sample by sample
-- reads    pass_ranges, superseded
-- made     once
-- An example is a pass that judged errors again. Passes over separate ranges of samples (a larger k) do not overlap.
WITH meetings AS (
    SELECT run_id, verifier, problem_id, first <= max(last) OVER before AS meets
    FROM pass_ranges ANTI JOIN superseded USING (run_id, verifier, problem_id, pass_id)
    WINDOW before AS (
        PARTITION BY run_id, verifier, problem_id ORDER BY first, last
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    )
)
SELECT DISTINCT run_id, verifier, problem_id FROM meetings WHERE meets
