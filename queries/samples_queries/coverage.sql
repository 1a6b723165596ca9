-- coverage: which problems both of two runs solve, only one, or neither (Yue et al. 2025, arXiv:2504.13837)
-- group    two runs
-- params   a: run, b: run, verifier: verifier, threshold: int = 1
-- reads    pairs
-- takes    by, pool
-- grain    a, b, dataset, outcome
-- columns  a, b, dataset, outcome, problems, share, problem_ids, unpaired
-- means    outcome: which of the two runs solve the problem: both, only_a, only_b or neither
--          problems: problems with this outcome
--          share: these problems as a share of those with any outcome, in [0, 1]; NULL when there are none
-- example  samples query coverage --a base-7b --b rl-7b --verifier math
--
-- The answer has all four outcomes, also those of no problem. Unpaired problems have no outcome.
WITH counted AS (
    SELECT
        dataset,
        CASE
            WHEN NOT paired THEN NULL
            WHEN c_a >= $threshold AND c_b >= $threshold THEN 'both'
            WHEN c_a >= $threshold THEN 'only_a'
            WHEN c_b >= $threshold THEN 'only_b'
            ELSE 'neither'
        END AS outcome,
        count(*) AS problems, list(problem_id ORDER BY problem_id) AS problem_ids
    FROM pairs
    WHERE a = $a AND b = $b AND verifier = $verifier
    GROUP BY ALL
), datasets AS (
    SELECT dataset, coalesce(sum(problems) FILTER (outcome IS NULL), 0)::BIGINT AS unpaired
    FROM counted
    GROUP BY dataset
), outcomes AS (
    SELECT * FROM (VALUES (1, 'both'), (2, 'only_a'), (3, 'only_b'), (4, 'neither')) AS named(place, outcome)
)
SELECT
    $a AS a, $b AS b, dataset, outcome,
    coalesce(problems, 0) AS problems,
    coalesce(problems, 0) / nullif(sum(problems) OVER (PARTITION BY dataset), 0) AS share,
    coalesce(problem_ids, []) AS problem_ids,
    unpaired
FROM datasets CROSS JOIN outcomes LEFT JOIN counted USING (dataset, outcome)
ORDER BY dataset, place
