-- errors: why samples have no completion, or no verdict
-- group    health
-- params   runs: runs, verifier: verifier = none
-- reads    samples, current_verdicts
-- grain    run, kind, verifier, error
-- columns  run, dataset, kind, verifier, error, samples, problems, example_problem_id, example_sample_index
-- means    kind: sampling (no completion), verdict error (it failed, or an unknown status) or timeout (too slow)
--          verifier: name of the verifier; without it all verifiers are looked at; NULL for sampling
--          error: first line of the reason; NULL when none was stored
--          samples: samples with this reason
--          problems: problems of these samples
-- example  samples query errors --runs base-7b
--
-- None of these samples is a verified sample: no query counts it as wrong. Verdicts are the current ones. `samples show
-- RUN PROBLEM INDEX` shows the whole reason of the example.
WITH reasons AS (
    SELECT run, dataset, 'sampling' AS kind, NULL AS verifier, error AS reason, problem_id, sample_index
    FROM samples
    WHERE list_contains($runs, run) AND error IS NOT NULL
    UNION ALL
    SELECT
        run, dataset, CASE status WHEN 'timeout' THEN 'timeout' ELSE 'verdict error' END AS kind, verifier,
        CASE WHEN status IN ('error', 'timeout') THEN detail ELSE 'unknown status ' || status END AS reason,
        problem_id, sample_index
    FROM current_verdicts
    WHERE list_contains($runs, run) AND status NOT IN ('correct', 'wrong', 'no_answer')
        AND verifier = coalesce($verifier, verifier)
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
