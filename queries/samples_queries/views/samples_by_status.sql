-- samples_by_status: every sample with the status all, and again with correct or wrong if the only verifier says so
-- reads    perplexities, decided, only_verifier
SELECT run, run_id, dataset, problem_id, tokens, error, log_perplexity, token_mode, bits_per_byte, 'all' AS status
FROM perplexities
UNION ALL
SELECT
    samples.run, run_id, samples.dataset, problem_id, tokens, error, log_perplexity, token_mode, bits_per_byte,
    CASE WHEN correct THEN 'correct' ELSE 'wrong' END AS status
FROM perplexities AS samples JOIN (FROM decided CROSS JOIN only_verifier) USING (run_id, problem_id, sample_index)
