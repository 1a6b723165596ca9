-- drawn: how many samples of each run were drawn, failed ones included
-- reads    lake.samples, lake.runs
WITH counts AS (
    SELECT run_id, count(*) AS samples FROM lake.samples GROUP BY run_id
)
SELECT name AS run, samples
FROM counts JOIN lake.runs USING (run_id)
