-- judges: which verifiers judged which runs, in which passes
-- reads    lake.verdicts
SELECT run_id, verifier, min(pass_id) AS first_pass, max(pass_id) AS last_pass
FROM lake.verdicts
GROUP BY ALL
