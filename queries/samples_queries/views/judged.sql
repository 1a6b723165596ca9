-- judged: how each problem of each run fared under each verifier, in which passes, every verdict counted
-- reads    lake.verdicts
-- each     run_id, verifier
-- made     once
-- What is right where no pass came twice, in one scan; the rest is looked at again by those that read this.
SELECT
    {run_id} AS run_id, {verifier} AS verifier, problem_id, count(*) AS verdicts,
    countif(status = 'correct') AS c, countif(status = 'error') AS errors, countif(status = 'timeout') AS timeouts,
    {first_pass} AS first_pass, {last_pass} AS last_pass
FROM lake.verdicts
WHERE run_id = {run_id} AND verifier = {verifier}
GROUP BY ALL
