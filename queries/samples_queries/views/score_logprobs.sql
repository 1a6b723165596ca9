-- score_logprobs: the log-prob of each token of each sample under each scorer
-- reads    lake.score_logprobs, lake.scores, scorers, lake.runs
-- A crash between two commits can leave log-probs that no score names. The join by attempt leaves them out.
SELECT
    scorers.scorer, scorer_id, runs.name AS run, run_id, runs.dataset, problem_id, sample_index,
    token_mode, token_logprobs, token_ids
FROM lake.score_logprobs
JOIN lake.scores AS scores USING (scorer_id, run_id, problem_id, sample_index, attempt)
JOIN scorers USING (scorer_id)
JOIN lake.runs AS runs USING (run_id)
WHERE error IS NULL
