-- own_likelihoods: how likely each sample is under the model that drew it, where its raw log-probs are stored
-- reads    lake.samples, lake.runs
-- A run in another log-prob mode than raw_logprobs stores log-probs of what it was drawn from, not of its model. A run
-- that does not record the mode, such as an imported one, is taken to be raw.
SELECT
    runs.name AS scorer, run_id AS scorer_id, runs.name AS run, run_id, runs.dataset, problem_id, sample_index,
    tokens, NULL::INTEGER AS bytes, cumulative_logprob, NULL::DOUBLE AS end_logprob,
    'ids' AS token_mode, 'run' AS prompt
FROM lake.samples AS samples JOIN lake.runs AS runs USING (run_id)
WHERE
    error IS NULL AND cumulative_logprob IS NOT NULL
    AND coalesce(json_extract_string(specification, '/sampling/logprobs_mode'), 'raw_logprobs') = 'raw_logprobs'
