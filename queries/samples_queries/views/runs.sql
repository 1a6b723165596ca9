-- runs: what was sampled, with the labels as they are now
-- reads    lake.runs, lake.labels
-- A label that was given later replaces the one that the run was recorded with. An empty label removes it.
WITH latest AS (
    SELECT run_id, key, max_by(value, number) AS value
    FROM lake.labels
    GROUP BY ALL
), given AS (
    SELECT run_id, map_from_entries(list((key, value))) AS entries
    FROM latest
    GROUP BY run_id
)
SELECT
    name AS run, run_id, dataset, model, engine, specification, problem_hashes,
    map_from_entries(list_sort(list_filter(
        map_entries(map_concat(labels, entries)), lambda entry: entry.value <> ''
    ))) AS labels,
    versions, created_at, tokenizer
FROM lake.runs LEFT JOIN given USING (run_id)
