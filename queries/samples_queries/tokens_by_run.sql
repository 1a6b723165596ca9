-- tokens_by_run: how many tokens each run wrote and read
-- group    health
-- params   runs: runs
-- reads    runs, samples, prompts, drawn
-- grain    run
-- columns  run, dataset, model, problems, samples, errors, tokens, unknown, prompt_tokens, mean, max
-- means    problems: problems with a sample
--          samples: samples drawn, failed ones included
--          errors: samples that failed; their tokens are not counted
--          tokens: sum of the completion tokens, end tokens included; NULL when none is known, as of imported counts
--          unknown: samples without a number of tokens, such as some imported ones; they are in neither tokens nor mean
--          prompt_tokens: prompt tokens, a prompt counted once for each sample; NULL when a prompt was not stored
--          mean: mean number of completion tokens of a sample; NULL when none is known
--          max: largest number of completion tokens of a sample; NULL when none is known
-- example  samples query tokens_by_run --runs base-7b,rl-7b
--
-- An engine without a prefix cache reads `prompt_tokens`. An engine with one reads fewer.
WITH sampled AS (
    SELECT
        run_id, problem_id,
        count(*) AS samples,
        count(error) AS errors,
        sum(tokens) FILTER (error IS NULL) AS tokens,
        count(tokens) FILTER (error IS NULL) AS known,
        max(tokens) FILTER (error IS NULL) AS longest
    FROM samples
    WHERE list_contains($runs, run)
    GROUP BY ALL
), read AS (
    SELECT run_id, problem_id, len(token_ids) AS prompt
    FROM prompts
    WHERE list_contains($runs, run)
), per_run AS (
    SELECT
        run_id,
        count(*) AS problems,
        sum(samples)::BIGINT AS samples,
        sum(errors)::BIGINT AS errors,
        sum(tokens)::BIGINT AS tokens,
        sum(known)::BIGINT AS known,
        CASE WHEN count(prompt) = count(*) THEN sum(prompt * samples)::BIGINT END AS prompt_tokens,
        max(longest) AS max
    FROM sampled LEFT JOIN read USING (run_id, problem_id)
    GROUP BY run_id
)
SELECT
    run, dataset, model,
    coalesce(problems, 0) AS problems,
    coalesce(per_run.samples, 0) AS samples,
    coalesce(errors, 0) AS errors,
    -- Of imported counts the samples are not in the lake: their tokens are unknown, and not none.
    CASE WHEN known > 0 OR (counted IS NULL AND coalesce(per_run.samples = errors, true)) THEN coalesce(tokens, 0) END
        AS tokens,
    coalesce(per_run.samples - errors - known, 0) AS unknown,
    prompt_tokens,
    tokens / nullif(known, 0) AS mean,
    max
FROM runs LEFT JOIN per_run USING (run_id) LEFT JOIN drawn USING (run)
WHERE list_contains($runs, run)
ORDER BY run
