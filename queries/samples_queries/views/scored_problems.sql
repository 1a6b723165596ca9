-- scored_problems: the problems of each run, and whether the scorer that the variable `scorer` names scored it whole
-- reads    samples, scores
-- The run that the variable `scorer_run` names is left out: see `scored_perplexities`. A problem is `whole` if none of its
-- samples failed, and their numbers and those of the scores are one set. Two sets of one size with the same ends have the
-- same `print` with a chance of 1 in 2^64.
WITH drawn AS (
    SELECT
        run_id, problem_id, count(*) AS size, min(sample_index) AS first, max(sample_index) AS last,
        sum(hash(sample_index)) AS print, count(error) AS failed
    FROM samples
    WHERE run_id IS DISTINCT FROM getvariable('scorer_run')
    GROUP BY run_id, problem_id
), scored AS (
    SELECT
        run_id, problem_id, count(*) AS size, min(sample_index) AS first, max(sample_index) AS last,
        sum(hash(sample_index)) AS print, 0 AS failed, true AS whole
    FROM scores
    WHERE
        scorer = getvariable('scorer') AND run_id IS DISTINCT FROM getvariable('scorer_run')
        AND error IS NULL
    GROUP BY run_id, problem_id
)
SELECT run_id, problem_id, coalesce(whole, false) AS whole
FROM drawn LEFT JOIN scored USING (run_id, problem_id, size, first, last, print, failed)
