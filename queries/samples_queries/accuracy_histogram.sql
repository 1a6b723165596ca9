-- accuracy_histogram: how many problems have which accuracy, in twelve bins (Yue et al. 2025, arXiv:2504.13837)
-- group    accuracy
-- params   runs: runs, verifier: verifier, problem_set: problems
-- reads    verified
-- takes    by, pool
-- grain    run, dataset, verifier, bin
-- columns  run, dataset, verifier, place, bin, problems, share
-- means    place: position of the bin, from 0 (never correct) to 11 (always correct)
--          bin: range of the accuracy, as text: (.1,.2] is above 0.1, up to and including 0.2
--          problems: problems in this bin
--          share: these problems as a share of those in all bins, in [0, 1]
-- example  samples query accuracy_histogram --runs base-7b,rl-7b --verifier math
--
-- The accuracy of a problem is c/n: c of its n verified samples are correct. The first bin is exactly 0, the last is
-- exactly 1, and the others end at .1, .2, … .9 and below 1. The answer has all twelve bins, empty ones too. A problem
-- without a verified sample is in no bin.
WITH judged AS (
    -- (place - 1) / 10 < c/n <= place / 10, in whole numbers, because as a float 3/10 is not exactly three tenths
    SELECT run, dataset, $verifier AS verifier, CASE WHEN c = n THEN 11 ELSE (10 * c + n - 1) // n END AS place
    FROM compared
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
