-- support: what training kept, gained and lost of the solved problems (Wu et al. 2025, arXiv:2507.14843)
-- params   a: run, b: run, verifier: verifier, threshold: int = 1
-- reads    tallies, runs
-- grain    a, b, dataset
-- columns  a, b, dataset, srr, ndr, sds, nscr, p, e, s, unpaired
-- A is the base, B the trained run. Of the problems solved (at least `threshold` verified samples are correct): p by
-- both, e by the trained run only, s by the base only. Retention srr = p/(p+s), discovery ndr = e/(p+e), their harmonic
-- mean sds, net change nscr = (e-s)/(p+e+s); NULL where a denominator is 0. `unpaired` problems are in none of these:
-- only one run has verified samples of them, or the runs were drawn for different versions.
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
        dataset, a.solved AS before, b.solved AS after,
        a.run IS NOT NULL AND b.run IS NOT NULL AND coalesce(a.version = b.version, true) AS paired
    FROM (FROM judged WHERE run = $a) AS a FULL JOIN (FROM judged WHERE run = $b) AS b USING (dataset, problem_id)
), counted AS (
    SELECT
        dataset,
        count(*) FILTER (paired AND before AND after) AS p,
        count(*) FILTER (paired AND NOT before AND after) AS e,
        count(*) FILTER (paired AND before AND NOT after) AS s,
        count(*) FILTER (NOT paired) AS unpaired
    FROM met
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
