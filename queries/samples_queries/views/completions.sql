-- completions: text, token ids and token log-probs of each sample
-- reads    lake.completions, lake.samples, lake.runs
-- A crash between two commits can leave completions that no sample names. The join by attempt leaves them out.
SELECT
    runs.name AS run, run_id, runs.dataset, problem_id, sample_index, text, token_ids, token_logprobs
FROM lake.completions AS completions
JOIN lake.samples AS samples USING (run_id, problem_id, sample_index, attempt)
JOIN lake.runs AS runs USING (run_id)
