-- scores: log-probs of samples under other models
-- reads    lake.scores, lake.runs
SELECT scorer, runs.name AS run, run_id, problem_id, sample_index, tokens, cumulative_logprob
FROM lake.scores AS scores JOIN lake.runs AS runs USING (run_id)
