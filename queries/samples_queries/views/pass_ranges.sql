-- pass_ranges: which samples of a problem each pass judged, of runs that a verifier went over more than once
-- reads    judges, lake.verdicts
-- A pass judges a sample once. `print` tells sets of samples apart, but for one chance in 2^64.
WITH several AS (
    SELECT run_id, verifier FROM judges WHERE first_pass < last_pass
)
SELECT
    run_id, verifier, problem_id, pass_id,
    min(sample_index) AS first, max(sample_index) AS last, count(*) AS samples, sum(hash(sample_index)) AS print
FROM lake.verdicts SEMI JOIN several USING (run_id, verifier)
GROUP BY run_id, verifier, problem_id, pass_id
