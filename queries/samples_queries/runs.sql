-- runs: what was sampled
-- params
-- reads    runs, samples
-- grain    run
-- columns  run, run_id, dataset, model, engine, problems, samples, tokens, errors, labels, created_at
SELECT
    any_value(name) AS run,
    run_id,
    any_value(runs.dataset) AS dataset,
    any_value(model) AS model,
    any_value(engine) AS engine,
    any_value(cardinality(problem_hashes))::BIGINT AS problems,
    count(sample_index) AS samples,
    coalesce(sum(tokens), 0)::BIGINT AS tokens,
    count(error) AS errors,
    any_value(labels) AS labels,
    any_value(created_at) AS created_at
FROM runs LEFT JOIN samples USING (run_id)
GROUP BY run_id
ORDER BY created_at, run
