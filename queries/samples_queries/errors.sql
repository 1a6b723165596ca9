-- errors: why samples have no completion, or no verdict
-- params   runs: runs, verifier: verifier = none
-- reads    samples, current_verdicts
-- grain    run, kind, verifier, error
-- columns  run, dataset, kind, verifier, error, samples, problems, example_problem_id, example_sample_index
-- None of them is in any n. `kind` is sampling (the engine gave no completion), verdict error or timeout (the verifier
-- gave no verdict; a current one), of the verifier named or, without one, of all. `error` is the first line of the
-- reason; `samples show RUN PROBLEM INDEX` shows the example, the first of them, whole.
WITH reasons AS (
    SELECT run, dataset, 'sampling' AS kind, NULL AS verifier, error AS reason, problem_id, sample_index
    FROM samples
    WHERE list_contains($runs, run) AND error IS NOT NULL
    UNION ALL
    SELECT
        run, dataset, CASE status WHEN 'error' THEN 'verdict error' ELSE 'timeout' END AS kind, verifier,
        detail AS reason, problem_id, sample_index
    FROM current_verdicts
    WHERE list_contains($runs, run) AND status IN ('error', 'timeout') AND verifier = coalesce($verifier, verifier)
), lines AS (
    SELECT *, trim(split_part(trim(reason, E' \r\n\t'), E'\n', 1), E' \r\t') AS error
    FROM reasons
)
SELECT
    run, dataset, kind, verifier, error,
    count(*) AS samples,
    count(DISTINCT problem_id) AS problems,
    min((problem_id, sample_index))[1] AS example_problem_id,
    min((problem_id, sample_index))[2] AS example_sample_index
FROM lines
GROUP BY run, dataset, kind, verifier, error
ORDER BY run, kind, verifier, samples DESC, error
