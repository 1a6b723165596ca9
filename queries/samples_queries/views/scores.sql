-- scores: how likely each scorer finds each sample
-- reads    lake.scores, scorers, lake.runs
SELECT
    scorers.scorer, scorer_id, runs.name AS run, run_id, runs.dataset, problem_id, sample_index,
    tokens, bytes, cumulative_logprob, end_logprob, token_mode, prompt, same_tokens, error
FROM lake.scores AS scores JOIN scorers USING (scorer_id) JOIN lake.runs AS runs USING (run_id)
