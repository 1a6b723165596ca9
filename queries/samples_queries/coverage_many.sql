-- coverage_many: how many problems are solved by which set of runs, for each set that solves any
-- group    two runs
-- params   runs: runs, verifier: verifier, threshold: int = 1
-- reads    verified
-- grain    dataset, solved_by
-- columns  dataset, solved_by, problems, share, problem_ids, runs, unpaired
-- means    runs: the runs to compare, by name or by the beginning of an id; the column has those with verified samples
--          solved_by: the runs that solve the problem, sorted; the other runs do not solve it
--          problems: problems that exactly these runs solve
--          share: these problems as a share of those in all rows of the dataset, in [0, 1]; NULL when there are none
--          unpaired: problems in no row: some run has no verified sample of them, or saw another version
-- example  samples query coverage_many --runs base-7b,rl-7b,distilled-7b --verifier math
--
-- The answer always has a row for the problems that no run solves.
WITH judged AS (
    SELECT run, dataset, problem_id, c >= $threshold AS solved, version
    FROM verified
    WHERE list_contains($runs, run) AND verifier = $verifier
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
