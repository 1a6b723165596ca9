-- judged: counts of all verdicts on each problem of each run by each verifier, and in which passes
-- reads    lake.verdicts
-- each     run_id, verifier
-- made     once
-- One scan gives the right counts for problems that were judged in one pass. Views that read this one count the other
-- problems again.
SELECT
    {run_id} AS run_id, {verifier} AS verifier, problem_id, count(*) AS verdicts,
    countif(status = 'correct') AS c, countif(status = 'error') AS errors, countif(status = 'timeout') AS timeouts,
    {first_pass} AS first_pass, {last_pass} AS last_pass
FROM lake.verdicts
WHERE run_id = {run_id} AND verifier = {verifier}
GROUP BY ALL
