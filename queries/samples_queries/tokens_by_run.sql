-- tokens_by_run: how much each run wrote, and was given to read
-- params   runs: runs
-- reads    runs, samples, prompts
-- grain    run
-- columns  run, dataset, model, problems, samples, errors, tokens, unknown, prompt_tokens, mean, max
-- `problems` have a sample. `tokens` sums the completions, end tokens included; `unknown` samples have no count (some
-- imported ones) and are in neither sum nor `mean`; failed ones are in `errors` only. `prompt_tokens` counts a prompt
-- once for each of its samples, as an engine without a prefix cache reads it; NULL where a prompt was not recorded.
WITH drawn AS (
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
    FROM drawn LEFT JOIN read USING (run_id, problem_id)
    GROUP BY run_id
)
SELECT
    run, dataset, model,
    coalesce(problems, 0) AS problems,
    coalesce(samples, 0) AS samples,
    coalesce(errors, 0) AS errors,
    coalesce(tokens, 0) AS tokens,
    coalesce(samples - errors - known, 0) AS unknown,
    prompt_tokens,
    tokens / nullif(known, 0) AS mean,
    max
FROM runs LEFT JOIN per_run USING (run_id)
WHERE list_contains($runs, run)
ORDER BY run
