-- top_logprobs: the most likely tokens at each position, under the model that drew a sample and under each scorer
-- reads    own_top_logprobs, lake.top_logprobs, lake.scores, scorers, lake.runs
-- A crash between two commits can leave rows that no score names. The join by attempt leaves them out.
FROM own_top_logprobs
UNION ALL
SELECT
    scorers.scorer, scorer_id, runs.name AS run, run_id, runs.dataset, problem_id, sample_index, false AS own,
    n, positions, top_entropy, mass_left, entropy_least, entropy_most, top_ids, top_logprobs
FROM (FROM lake.top_logprobs WHERE scorer_id <> run_id)
JOIN lake.scores AS scores USING (scorer_id, run_id, problem_id, sample_index, attempt)
JOIN scorers USING (scorer_id)
JOIN lake.runs AS runs USING (run_id)
WHERE error IS NULL
