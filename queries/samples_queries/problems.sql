-- problems: what was asked, and how many samples each problem has
-- group    health
-- params
-- reads    problems, runs, samples
-- grain    dataset, problem_id, problem_hash
-- columns  dataset, problem_id, problem_hash, question, answer, answers, samples
-- means    problem_hash: hash of the problem's content; an edited problem has a row for each version
--          question: the question; NULL for some imported problems
--          answer: the gold answer as text; the first one of several; NULL when there is none
--          answers: all accepted answers if there are several; NULL otherwise
--          samples: samples of all runs that were drawn for this version
-- example  samples query problems
WITH per_run AS (
    SELECT run_id, problem_id, count(*) AS samples
    FROM samples
    GROUP BY ALL
), drawn AS (
    SELECT dataset, problem_id, problem_hashes[problem_id] AS problem_hash, sum(samples) AS samples
    FROM per_run JOIN runs USING (run_id)
    GROUP BY ALL
)
SELECT dataset, problem_id, problem_hash, question, answer, answers, coalesce(samples, 0)::BIGINT AS samples
FROM problems LEFT JOIN drawn USING (dataset, problem_id, problem_hash)
ORDER BY dataset, problem_id, problem_hash
