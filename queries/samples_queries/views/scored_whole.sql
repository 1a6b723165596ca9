-- scored_whole: problems of which the scorer that the variable `scorer` names scored every sample
-- reads    samples, scores
-- The run that the variable `scorer_run` names is left out: see `scored_perplexities`. The numbers of the samples and of
-- the scores of such a problem are one set. Two sets of one size with the same ends have the same `print` with a chance
-- of 1 in 2^64.
WITH drawn AS (
    SELECT
        run_id, problem_id, count(*) AS size, min(sample_index) AS first, max(sample_index) AS last,
        sum(hash(sample_index)) AS print
    FROM samples
    GROUP BY run_id, problem_id
    HAVING count(error) = 0
), scored AS (
    SELECT
        run_id, problem_id, count(*) AS size, min(sample_index) AS first, max(sample_index) AS last,
        sum(hash(sample_index)) AS print
    FROM scores
    WHERE
        scorer = getvariable('scorer') AND run_id IS DISTINCT FROM getvariable('scorer_run')
        AND error IS NULL
    GROUP BY run_id, problem_id
)
SELECT run_id, problem_id FROM drawn JOIN scored USING (run_id, problem_id, size, first, last, print)
