-- coverage: which problems both of two runs solve, only one, or neither (Yue et al. 2025, arXiv:2504.13837)
-- group    two runs
-- params   a: run, b: run, verifier: verifier, threshold: int = 1
-- reads    tallies, runs
-- grain    a, b, dataset, outcome
-- columns  a, b, dataset, outcome, problems, share, problem_ids, unpaired
-- means    outcome: which of the two runs solve the problem: both, only_a, only_b or neither
--          problems: problems with this outcome
--          share: these problems as a share of those with any outcome, in [0, 1]; NULL when there are none
-- example  samples query coverage --a base-7b --b rl-7b --verifier math
--
-- The answer has all four outcomes, also those of no problem. Unpaired problems have no outcome.
WITH versions AS (
    SELECT run, unnest(map_keys(problem_hashes)) AS problem_id, unnest(map_values(problem_hashes)) AS version
    FROM runs
    WHERE run IN ($a, $b)
), judged AS (
    SELECT run, dataset, problem_id, c >= $threshold AS solved, version
    FROM tallies LEFT JOIN versions USING (run, problem_id)
    WHERE run IN ($a, $b) AND verifier = $verifier AND n > 0
), met AS (
    SELECT
        dataset, problem_id,
        CASE
            WHEN a.version <> b.version THEN NULL
            WHEN a.solved AND b.solved THEN 'both'
            WHEN a.solved AND NOT b.solved THEN 'only_a'
            WHEN NOT a.solved AND b.solved THEN 'only_b'
            WHEN NOT a.solved AND NOT b.solved THEN 'neither'
        END AS outcome
    FROM (FROM judged WHERE run = $a) AS a FULL JOIN (FROM judged WHERE run = $b) AS b USING (dataset, problem_id)
), counted AS (
    SELECT dataset, outcome, count(*) AS problems, list(problem_id ORDER BY problem_id) AS problem_ids
    FROM met
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
