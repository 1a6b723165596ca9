-- pass_ranges: which samples each pass judged, of problems that a verifier went over more than once
-- reads    several, lake.verdicts
-- made     once
-- A pass judges a sample once. `print` tells sets of samples apart, but for one chance in 2^64.
SELECT
    run_id, verifier, problem_id, pass_id,
    min(sample_index) AS first, max(sample_index) AS last, count(*) AS samples, sum(hash(sample_index)) AS print
FROM lake.verdicts SEMI JOIN several USING (run_id, verifier, problem_id)
GROUP BY run_id, verifier, problem_id, pass_id
