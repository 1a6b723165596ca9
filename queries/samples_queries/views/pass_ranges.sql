-- pass_ranges: which samples each pass judged, of problems that a verifier judged in several passes
-- reads    several, lake.verdicts
-- made     once
-- A pass judges a sample once. `print` identifies a set of samples: two sets share one with a chance of 1 in 2^64.
SELECT
    run_id, verifier, problem_id, pass_id,
    min(sample_index) AS first, max(sample_index) AS last, count(*) AS samples, sum(hash(sample_index)) AS print
FROM lake.verdicts SEMI JOIN several USING (run_id, verifier, problem_id)
GROUP BY run_id, verifier, problem_id, pass_id
