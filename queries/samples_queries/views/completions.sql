-- completions: what was written, token by token
-- reads    lake.completions, lake.samples, lake.runs
-- A segment may be there that no sample names (a crash came between two commits): the attempt tells.
SELECT
    runs.name AS run, run_id, completions.dataset, problem_id, sample_index, text, token_ids, token_logprobs
FROM lake.completions AS completions
JOIN lake.samples AS samples USING (run_id, problem_id, sample_index, attempt)
JOIN lake.runs AS runs USING (run_id)
