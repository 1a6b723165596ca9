-- drawn: how many samples of each run were drawn, failed ones included; and how many each verifier only counted
-- reads    stored, lake.counts, lake.runs
WITH counted AS (
    SELECT run_id, verifier, sum(n + errors + timeouts)::BIGINT AS samples FROM lake.counts GROUP BY run_id, verifier
), by_verifier AS (
    SELECT run_id, map_from_entries(list((verifier, samples))) AS counted FROM counted GROUP BY run_id
)
SELECT name AS run, coalesce(samples, 0) AS samples, counted
FROM lake.runs LEFT JOIN stored USING (run_id) LEFT JOIN by_verifier USING (run_id)
