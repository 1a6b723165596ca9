-- samples: the facts of each sample, without text and tokens
-- reads    lake.samples, lake.runs
SELECT
    runs.name AS run, run_id, runs.dataset, problem_id, sample_index,
    tokens, cumulative_logprob, finish_reason, stop_reason, seed, attempt, error
FROM lake.samples AS samples JOIN lake.runs AS runs USING (run_id)
