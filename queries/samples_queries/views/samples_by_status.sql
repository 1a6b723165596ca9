-- samples_by_status: every sample with the status all, and again with correct or wrong for each verifier that says so
-- reads    perplexities, decided
SELECT run, run_id, dataset, problem_id, tokens, error, log_perplexity, 'all' AS status, NULL AS verifier
FROM perplexities
UNION ALL
SELECT
    samples.run, run_id, samples.dataset, problem_id, tokens, error, log_perplexity,
    CASE WHEN correct THEN 'correct' ELSE 'wrong' END AS status, verifier
FROM perplexities AS samples JOIN decided USING (run_id, problem_id, sample_index)
