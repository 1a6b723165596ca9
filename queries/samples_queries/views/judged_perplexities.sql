-- judged_perplexities: the samples with their perplexity and, if there is one verifier only, with their current verdict
-- reads    perplexities, verdict_codes, only_verifier
-- `status` is NULL without a verdict, and `other` where it is none that a verifier gives. `verdict` is correct or wrong,
-- or NULL where the status is neither; no answer is wrong.
SELECT
    samples.*,
    ['correct', 'wrong', 'no_answer', 'timeout', 'error', 'other'][(codes >> (4 * (sample_index & 15))) & 15] AS status,
    ['correct', 'wrong', 'wrong'][(codes >> (4 * (sample_index & 15))) & 15] AS verdict
FROM (SELECT *, sample_index >> 4 AS part FROM perplexities) AS samples
LEFT JOIN (FROM verdict_codes SEMI JOIN only_verifier USING (verifier)) USING (run_id, problem_id, part)
