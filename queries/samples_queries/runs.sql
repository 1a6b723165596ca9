-- runs: what was sampled
-- group    health
-- params
-- reads    runs, samples, drawn
-- grain    run
-- columns  run, run_id, dataset, model, engine, problems, samples, tokens, unknown, errors, labels, created_at
-- means    run_id: id of the run: the hash of its specification
--          engine: engine that drew the first samples: vllm, transformers or toy; or imported
--          problems: problems in the run's problem set
--          samples: samples drawn so far, failed ones included
--          tokens: completion tokens of all samples; NULL when none is known, as of imported counts
--          unknown: samples without a number of tokens, such as some imported ones; they are not in tokens
--          errors: samples that failed: they have no completion
--          created_at: when the run began, in UTC
-- example  samples query runs
WITH sampled AS (
    SELECT
        run_id, count(*) AS samples, sum(tokens) AS tokens, count(error) AS errors,
        countif(error IS NULL AND tokens IS NOT NULL) AS known, countif(error IS NULL AND tokens IS NULL) AS unknown
    FROM samples
    GROUP BY run_id
)
SELECT
    run, run_id, dataset, model, engine,
    cardinality(problem_hashes)::BIGINT AS problems,
    coalesce(sampled.samples, 0)::BIGINT AS samples,
    -- Of imported counts the samples are not in the lake: their tokens are unknown, and not none.
    CASE WHEN known > 0 OR (counted IS NULL AND coalesce(unknown, 0) = 0) THEN coalesce(tokens, 0)::BIGINT END
        AS tokens,
    coalesce(unknown, 0)::BIGINT AS unknown,
    coalesce(errors, 0)::BIGINT AS errors,
    labels, created_at
FROM runs LEFT JOIN sampled USING (run_id) LEFT JOIN drawn USING (run)
ORDER BY created_at, run
