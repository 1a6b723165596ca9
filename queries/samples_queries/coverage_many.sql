-- coverage_many: how many problems are solved by which set of runs, for each set that solves any
-- group    two runs
-- params   runs: runs, verifier: verifier, threshold: int = 1, problem_set: problems = common
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
WITH asked AS (
    SELECT dataset, list(DISTINCT run ORDER BY run) AS runs
    FROM compared
    GROUP BY dataset
), met AS (
    SELECT dataset, problem_id, coalesce(list(run ORDER BY run) FILTER (c >= $threshold), []) AS solved_by
    FROM compared
    GROUP BY dataset, problem_id
), counted AS (
    SELECT dataset, solved_by, count(*) AS problems, list(problem_id ORDER BY problem_id) AS problem_ids
    FROM met
    GROUP BY dataset, solved_by
), judged AS (
    SELECT dataset, count(DISTINCT problem_id) AS problems FROM judged_problems GROUP BY dataset
), sets AS (
    SELECT dataset, solved_by FROM counted
    UNION
    SELECT dataset, [] FROM asked
)
SELECT
    dataset, solved_by,
    coalesce(counted.problems, 0) AS problems,
    coalesce(counted.problems, 0) / nullif(sum(counted.problems) OVER (PARTITION BY dataset), 0) AS share,
    coalesce(problem_ids, []) AS problem_ids,
    runs,
    judged.problems - sum(counted.problems) OVER (PARTITION BY dataset) AS unpaired
FROM sets LEFT JOIN counted USING (dataset, solved_by) JOIN asked USING (dataset) JOIN judged USING (dataset)
ORDER BY dataset, len(solved_by) DESC, solved_by
