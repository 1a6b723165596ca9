-- problems: what was asked, and how many samples there are of it
-- params
-- reads    problems, runs, samples
-- grain    dataset, problem_id, problem_hash
-- columns  dataset, problem_id, problem_hash, question, answer, samples
WITH per_run AS (
    SELECT run_id, problem_id, count(*) AS samples
    FROM samples
    GROUP BY ALL
), drawn AS (
    SELECT dataset, problem_id, problem_hashes[problem_id] AS problem_hash, sum(samples) AS samples
    FROM per_run JOIN runs USING (run_id)
    GROUP BY ALL
)
SELECT dataset, problem_id, problem_hash, question, answer, coalesce(samples, 0)::BIGINT AS samples
FROM problems LEFT JOIN drawn USING (dataset, problem_id, problem_hash)
ORDER BY dataset, problem_id, problem_hash
