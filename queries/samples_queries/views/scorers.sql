-- scorers: each way of scoring, with its last parity check
-- reads    lake.scorers
SELECT
    arg_min(name, number) AS scorer, scorer_id, arg_min(model, number) AS model, arg_min(engine, number) AS engine,
    arg_min(specification, number) AS specification, arg_min(labels, number) AS labels,
    arg_min(versions, number) AS versions, arg_min(scored_by, number) AS scored_by,
    arg_max(parity_run, number) FILTER (parity_samples > 0) AS parity_run,
    coalesce(arg_max(parity_samples, number) FILTER (parity_samples > 0), 0) AS parity_samples,
    coalesce(arg_max(parity_tokens, number) FILTER (parity_samples > 0), 0) AS parity_tokens,
    arg_max(parity_mean, number) FILTER (parity_samples > 0) AS parity_mean,
    arg_max(parity_worst, number) FILTER (parity_samples > 0) AS parity_worst,
    arg_max(parity_kl, number) FILTER (parity_samples > 0) AS parity_kl,
    min(created_at) AS created_at
FROM lake.scorers
GROUP BY scorer_id
