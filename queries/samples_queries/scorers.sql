-- scorers: which models say how likely samples are, of which runs, and how well each agrees with its own log-probs
-- group    likelihood
-- params
-- reads    scorers, scores, likelihoods, runs, samples
-- grain    scorer, own, run
-- columns  scorer, own, run, token_mode, samples, drawn, parity_mean, parity_kl, parity_worst, parity_samples,
--          parity_tokens, parity_run, unknown, errors, prompt, dataset, model, engine, scorer_id
-- means    own: whether these are the raw log-probs that the run stored when it was drawn
--          run: run whose samples are scored; NULL while there are none
--          token_mode: ids (the stored tokens), text (the text, encoded for the scorer), or both
--          samples: samples with a score
--          drawn: samples of the run that did not fail
--          parity_mean: mean |difference| of a token's log-prob from the stored one, in nats; NULL without a check
--          parity_kl: mismatch KL: mean of r - log r - 1, with r = p_scored / p_stored of a token
--          parity_worst: the largest |difference|
--          parity_samples: samples that were scored again for the check; 0 without a check
--          parity_tokens: their tokens
--          parity_run: run of these samples, which the scorer's model drew; NULL without a check
--          unknown: scored samples whose log-prob is no finite number
--          errors: samples that could not be scored
--          prompt: run (the prompt of the run), own (the question, rendered for the scorer), or both
--          engine: engine that scored: vllm, transformers or toy; for a run the engine that drew it, or imported
--          scorer_id: id of the scorer; of the run, where the run scores its own samples
-- example  samples query scorers
--
-- A wrong score looks like a right one. So `samples score` first scores samples again that its model drew itself, and
-- compares: in float32 the mean |difference| is about 1e-5, in bfloat16 about .03 with a mismatch KL of 1e-3.
WITH found AS (
    SELECT
        scorer_id, run, own, count(*) AS samples, countif(NOT isfinite(cumulative_logprob)) AS unknown,
        string_agg(DISTINCT token_mode, ', ' ORDER BY token_mode) AS token_mode,
        string_agg(DISTINCT prompt, ', ' ORDER BY prompt) AS prompt
    FROM likelihoods
    GROUP BY ALL
), failures AS (
    SELECT scorer_id, run, false AS own, count(*) AS errors
    FROM scores
    WHERE error IS NOT NULL
    GROUP BY ALL
), counted AS (
    SELECT
        scorer_id, run, own, coalesce(samples, 0) AS samples, coalesce(unknown, 0) AS unknown,
        coalesce(errors, 0) AS errors, token_mode, prompt
    FROM found FULL JOIN failures USING (scorer_id, run, own)
), named AS (
    SELECT
        scorer, scorer_id, model, engine, false AS own, parity_run, parity_samples, parity_tokens, parity_mean,
        parity_worst, parity_kl
    FROM scorers
    UNION ALL
    SELECT run, run_id, model, engine, true, NULL, NULL, NULL, NULL, NULL, NULL
    FROM runs
    WHERE run_id IN (SELECT scorer_id FROM found WHERE own)
), sizes AS (
    SELECT run, any_value(dataset) AS dataset, count(*) AS drawn FROM samples WHERE error IS NULL GROUP BY run
)
SELECT
    scorer, own, run, token_mode, coalesce(samples, 0) AS samples, coalesce(drawn, 0) AS drawn,
    parity_mean, parity_kl, parity_worst, parity_samples, parity_tokens, parity_run,
    coalesce(unknown, 0) AS unknown, coalesce(errors, 0) AS errors, prompt, dataset, model, engine, scorer_id
FROM named LEFT JOIN counted USING (scorer_id, own) LEFT JOIN sizes USING (run)
ORDER BY own, scorer, run
