-- pass_at_k: unbiased pass@k of each run (Chen et al. 2021, arXiv:2107.03374, eq. 1)
-- params   $runs, $verifier, $ks
-- reads    tallies
-- grain    run, verifier, k
-- columns  run, dataset, verifier, k, problems, pass_at_k, errors, timeouts
-- A problem counts at k when n >= k; `problems` says how many did. Product form: exact to 2e-15 up to n = 10,000.
WITH counts AS (
    SELECT run, dataset, verifier, n, c, count(*) AS problems
    FROM tallies
    WHERE (len($runs) = 0 OR list_contains($runs, run)) AND ($verifier IS NULL OR verifier = $verifier)
    GROUP BY ALL
), left_out AS (
    SELECT run, verifier, sum(errors)::BIGINT AS errors, sum(timeouts)::BIGINT AS timeouts FROM tallies GROUP BY ALL
), chances AS (
    -- 1 - prod(1 - k/i) for i from n-c+1 to n; no correct sample is an empty product, which DuckDB calls NULL
    SELECT run, dataset, verifier, k, problems,
           CASE WHEN c = 0 THEN 0.0
                WHEN n - c < k THEN 1.0
                ELSE 1.0 - list_product(list_transform(range(n - c + 1, n + 1), lambda i: 1.0 - k / i))
           END AS chance
    FROM counts, unnest($ks) AS wanted(k)
    WHERE n >= k
)
SELECT run, dataset, verifier, k, sum(problems)::BIGINT AS problems, sum(chance * problems) / sum(problems) AS pass_at_k,
       any_value(errors) AS errors, any_value(timeouts) AS timeouts
FROM chances JOIN left_out USING (run, verifier)
GROUP BY run, dataset, verifier, k
ORDER BY run, verifier, k
