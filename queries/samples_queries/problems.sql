-- problems: what was asked, and how many samples there are of it
-- params   $dataset
-- reads    problems, runs, samples
-- grain    dataset, problem_id, problem_hash
-- columns  dataset, problem_id, problem_hash, question, answer, samples
WITH drawn AS (
    SELECT runs.dataset, problem_id, problem_hashes[problem_id] AS problem_hash, count(*) AS samples
    FROM samples JOIN runs USING (run_id)
    GROUP BY ALL
)
SELECT dataset, problem_id, problem_hash, question, answer, coalesce(samples, 0)::BIGINT AS samples
FROM problems LEFT JOIN drawn USING (dataset, problem_id, problem_hash)
WHERE $dataset IS NULL OR dataset = $dataset
ORDER BY dataset, problem_id, problem_hash
