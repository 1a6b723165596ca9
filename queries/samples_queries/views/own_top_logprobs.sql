-- own_top_logprobs: the most likely tokens at each position, as runs stored them when they were drawn
-- reads    lake.top_logprobs, lake.samples, lake.runs
-- A crash between two commits can leave rows that no sample names. The join by attempt leaves them out.
SELECT
    runs.name AS scorer, scorer_id, runs.name AS run, run_id, runs.dataset, problem_id, sample_index, true AS own,
    n, positions, top_entropy, mass_left, entropy_least, entropy_most, top_ids, top_logprobs
FROM (FROM lake.top_logprobs WHERE scorer_id = run_id)
JOIN lake.samples AS samples USING (run_id, problem_id, sample_index, attempt)
JOIN lake.runs AS runs USING (run_id)
WHERE error IS NULL
