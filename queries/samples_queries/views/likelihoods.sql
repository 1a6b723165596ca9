-- likelihoods: how likely each sample is, under the model that drew it and under each scorer
-- reads    own_likelihoods, scores
-- A model's own run may be named like the scorer, and be scored by it too. Then its own log-probs count, and not the
-- scores: no sample counts twice under one name. The score tells the bytes and the end token, which no own row has.
SELECT own.* REPLACE (again.bytes AS bytes, again.end_logprob AS end_logprob), true AS own
FROM own_likelihoods AS own
LEFT JOIN (FROM scores WHERE run = scorer AND error IS NULL AND token_mode = 'ids') AS again
    USING (scorer, run_id, problem_id, sample_index)
UNION ALL
SELECT
    scorer, scorer_id, run, run_id, dataset, problem_id, sample_index,
    tokens, bytes, cumulative_logprob, end_logprob, token_mode, prompt, false AS own
FROM scores ANTI JOIN (SELECT DISTINCT scorer, run_id FROM own_likelihoods) USING (scorer, run_id)
WHERE error IS NULL
