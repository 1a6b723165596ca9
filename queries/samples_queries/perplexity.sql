-- perplexity: how likely each sample is under the model that drew it, or under a scorer (Yue et al. 2025)
-- group    likelihood
-- formula  perplexity = exp(-1/T sum of log p(token | prompt, tokens before it))
-- params   runs: runs, verifier: verifier = only, scorer: scorer = none
-- reads    perplexities, current_verdicts, only_verifier
-- scored   scored_perplexities
-- grain    run, problem_id, sample_index
-- columns  run, dataset, scorer, problem_id, sample_index, token_mode, tokens, cumulative_logprob, perplexity,
--          bits_per_byte, verifier, status
-- means    tokens: completion tokens, the end token included; NULL when unknown
--          cumulative_logprob: sum of the tokens' log-probs (natural logs); NULL when unknown
--          perplexity: exp(-cumulative_logprob / tokens), at least 1; NULL when unknown or not finite
--          status: status of the sample's current verdict; NULL without a verdict
-- example  samples query perplexity --runs base-7b --verifier math
--
-- The log-probs are of the completion, without its prompt. Without a scorer they are those stored with the run, in the
-- run's log-prob mode. Failed samples and samples without tokens have no perplexity, nor have most imported ones.
--
-- With a scorer, tokens and log-probs are those of the scorer: `samples score` stores them. A sample that it did not
-- score has none. arXiv:2504.13837 compares the perplexity of the base's and the trained model's answers under the base.
WITH judged AS (
    SELECT run_id, problem_id, sample_index, status
    FROM current_verdicts CROSS JOIN only_verifier
)
SELECT
    run, dataset, coalesce($scorer, run) AS scorer, problem_id, sample_index, token_mode, tokens, cumulative_logprob,
    exp(log_perplexity) AS perplexity,
    bits_per_byte,
    coalesce($verifier, (FROM only_verifier)) AS verifier, status
FROM perplexities LEFT JOIN judged USING (run_id, problem_id, sample_index)
WHERE list_contains($runs, run)
ORDER BY run, problem_id, sample_index
