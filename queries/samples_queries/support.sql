-- support: which solved problems training kept, gained and lost (Wu et al. 2025, arXiv:2507.14843)
-- group    two runs
-- params   a: run, b: run, verifier: verifier, threshold: int = 1
-- reads    pairs
-- grain    a, b, dataset
-- columns  a, b, dataset, srr, ndr, sds, nscr, p, e, s, unpaired
-- means    a: name of run A, the base
--          b: name of run B, the run trained from it
--          srr: support retention rate p/(p+s): the share of the base's solved problems that training kept, in [0, 1]
--          ndr: net discovery rate e/(p+e): the share of the trained run's solved problems that are new, in [0, 1]
--          sds: support dynamic score: the harmonic mean of srr and ndr, in [0, 1]
--          nscr: net support change rate (e-s)/(p+e+s): solved problems gained minus lost, in [-1, 1]
--          p: problems that both runs solve: preserved
--          e: problems that only the trained run solves: expanded
--          s: problems that only the base solves: shrunk
-- example  samples query support --a base-7b --b rl-7b --verifier math
--
-- A rate is NULL when its denominator is 0.
WITH solved AS (
    SELECT dataset, paired, c_a >= $threshold AS before, c_b >= $threshold AS after
    FROM pairs
    WHERE a = $a AND b = $b AND verifier = $verifier
), counted AS (
    SELECT
        dataset,
        count(*) FILTER (paired AND before AND after) AS p,
        count(*) FILTER (paired AND NOT before AND after) AS e,
        count(*) FILTER (paired AND before AND NOT after) AS s,
        count(*) FILTER (NOT paired) AS unpaired
    FROM solved
    GROUP BY dataset
)
SELECT
    $a AS a, $b AS b, dataset,
    p / nullif(p + s, 0) AS srr,
    e / nullif(p + e, 0) AS ndr,
    2 * p * e / nullif(p * p + 2 * p * e + e * s, 0) AS sds,
    (e - s) / nullif(p + e + s, 0) AS nscr,
    p, e, s, unpaired
FROM counted
ORDER BY dataset
