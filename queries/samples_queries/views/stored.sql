-- stored: how many rows of table samples each run has; where nothing is left out of them, the table's log knows it
-- reads    lake.samples
SELECT run_id, count(*) AS samples
FROM lake.samples
GROUP BY run_id
