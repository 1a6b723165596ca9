-- runs: what was sampled
-- group    health
-- params
-- reads    runs, samples
-- grain    run
-- columns  run, run_id, dataset, model, engine, problems, samples, tokens, errors, labels, created_at
-- means    run_id: id of the run: the hash of its specification
--          engine: engine that drew the first samples: vllm, transformers or toy; or imported
--          problems: problems in the run's problem set
--          samples: samples drawn so far, failed ones included
--          tokens: completion tokens of all samples
--          errors: samples that failed: they have no completion
--          created_at: when the run began, in UTC
-- example  samples query runs
WITH drawn AS (
    SELECT run_id, count(*) AS samples, sum(tokens) AS tokens, count(error) AS errors
    FROM samples
    GROUP BY run_id
)
SELECT
    run, run_id, dataset, model, engine,
    cardinality(problem_hashes)::BIGINT AS problems,
    coalesce(samples, 0)::BIGINT AS samples,
    coalesce(tokens, 0)::BIGINT AS tokens,
    coalesce(errors, 0)::BIGINT AS errors,
    labels, created_at
FROM runs LEFT JOIN drawn USING (run_id)
ORDER BY created_at, run
