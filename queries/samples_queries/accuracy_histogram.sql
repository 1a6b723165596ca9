-- accuracy_histogram: how many problems a run answers right how often (Yue et al. 2025, arXiv:2504.13837)
-- params   runs: runs, verifier: verifier
-- reads    tallies
-- grain    run, dataset, verifier, bin
-- columns  run, dataset, verifier, place, bin, problems, share
-- Twelve bins of c/n, all of them always there, `place` 0 to 11 from never to always: exactly 0; above each tenth up to
-- the next; above 0.9 but not always; exactly 1. Problems without a verified sample are in none.
WITH judged AS (
    -- c/n is in the tenth (j-1)/10 < c/n <= j/10 where j = ceil(10 c/n), worked out in whole numbers: 3/10 is 3 tenths
    SELECT run, dataset, verifier, CASE WHEN c = n THEN 11 ELSE (10 * c + n - 1) // n END AS place
    FROM tallies
    WHERE list_contains($runs, run) AND verifier = $verifier AND n > 0
), counted AS (
    SELECT run, dataset, verifier, place, count(*) AS problems
    FROM judged
    GROUP BY ALL
), totals AS (
    SELECT run, dataset, verifier, sum(problems) AS total
    FROM counted
    GROUP BY ALL
), bins AS (
    SELECT
        place,
        CASE place
            WHEN 0 THEN '0'
            WHEN 1 THEN '(0,.1]'
            WHEN 10 THEN '(.9,1)'
            WHEN 11 THEN '1'
            ELSE format('(.{},.{}]', place - 1, place)
        END AS bin
    FROM range(12) AS places(place)
)
SELECT
    run, dataset, verifier, place, bin,
    coalesce(problems, 0) AS problems, coalesce(problems, 0) / total AS share
FROM totals CROSS JOIN bins LEFT JOIN counted USING (run, dataset, verifier, place)
ORDER BY run, dataset, place
