-- coverage_many: which runs together solve how many problems, for each set of runs that solves any
-- params   runs: runs, verifier: verifier, threshold: int = 1
-- reads    tallies, runs
-- grain    dataset, solved_by
-- columns  dataset, solved_by, problems, share, problem_ids, runs, unpaired
-- A run solves a problem when at least `threshold` of its verified samples are correct; `solved_by` are all that do, and
-- no other. The row of none is always there. `runs` are those compared: the ones with verified samples. `unpaired`
-- problems are in no row: not every run has verified samples of them, or not all were drawn for the same version.
WITH versions AS (
    SELECT run, unnest(map_keys(problem_hashes)) AS problem_id, unnest(map_values(problem_hashes)) AS version
    FROM runs
    WHERE list_contains($runs, run)
), judged AS (
    SELECT run, dataset, problem_id, c >= $threshold AS solved, version
    FROM tallies LEFT JOIN versions USING (run, problem_id)
    WHERE list_contains($runs, run) AND verifier = $verifier AND n > 0
), compared AS (
    SELECT dataset, list(DISTINCT run ORDER BY run) AS runs
    FROM judged
    GROUP BY dataset
), met AS (
    SELECT
        dataset, problem_id,
        coalesce(list(run ORDER BY run) FILTER (solved), []) AS solved_by,
        count(*) AS judges, count(DISTINCT version) AS versions
    FROM judged
    GROUP BY dataset, problem_id
), paired AS (
    SELECT dataset, problem_id, solved_by, judges = len(runs) AND versions <= 1 AS paired
    FROM met JOIN compared USING (dataset)
), counted AS (
    SELECT dataset, solved_by, count(*) AS problems, list(problem_id ORDER BY problem_id) AS problem_ids
    FROM paired
    WHERE paired
    GROUP BY dataset, solved_by
), sets AS (
    SELECT dataset, solved_by FROM counted
    UNION
    SELECT dataset, [] FROM compared
), left_out AS (
    SELECT dataset, count(*) FILTER (NOT paired) AS unpaired
    FROM paired
    GROUP BY dataset
)
SELECT
    dataset, solved_by,
    coalesce(problems, 0) AS problems,
    coalesce(problems, 0) / nullif(sum(problems) OVER (PARTITION BY dataset), 0) AS share,
    coalesce(problem_ids, []) AS problem_ids,
    runs, unpaired
FROM sets LEFT JOIN counted USING (dataset, solved_by) JOIN compared USING (dataset) JOIN left_out USING (dataset)
ORDER BY dataset, len(solved_by) DESC, solved_by
