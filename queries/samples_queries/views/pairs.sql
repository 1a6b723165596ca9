-- pairs: the problems of every run a beside those of every run b; a and b may be the same run
-- reads    verified, lake.runs
-- A problem is paired when both runs have verified samples of it, and the runs were not sampled with different versions
-- of it (edited). The counts are NULL for a run without verified samples of the problem.
WITH counts AS (
    FROM verified
), names AS (
    SELECT name FROM lake.runs
), of_a AS (
    SELECT run AS a, name AS b, verifier, dataset, problem_id, n, c, version
    FROM counts CROSS JOIN names
), of_b AS (
    SELECT name AS a, run AS b, verifier, dataset, problem_id, n, c, version
    FROM counts CROSS JOIN names
), met AS (
    SELECT
        a, b, verifier, dataset, problem_id, of_a.n AS n_a, of_a.c AS c_a, of_b.n AS n_b, of_b.c AS c_b,
        coalesce(of_a.version <> of_b.version, false) AS edited
    FROM of_a FULL JOIN of_b USING (a, b, verifier, dataset, problem_id)
)
SELECT *, n_a IS NOT NULL AND n_b IS NOT NULL AND NOT edited AS paired
FROM met
