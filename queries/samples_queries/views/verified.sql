-- verified: the tallies of problems with a verified sample, and the version that the run was sampled with
-- reads    tallies, lake.runs
-- The version is NULL when it is unknown.
WITH versions AS (
    SELECT run_id, unnest(map_keys(problem_hashes)) AS problem_id, unnest(map_values(problem_hashes)) AS version
    FROM lake.runs
)
SELECT run, dataset, verifier, problem_id, n, c, version
FROM tallies LEFT JOIN versions USING (run_id, problem_id)
WHERE n > 0
