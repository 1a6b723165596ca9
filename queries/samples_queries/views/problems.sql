-- problems: every version of every problem that a run was sampled with
-- reads    lake.problems
SELECT dataset, problem_id, problem_hash, question, answer, answers, tests, metadata
FROM lake.problems
