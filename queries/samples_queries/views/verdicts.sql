-- verdicts: every verdict that verifiers ever gave
-- reads    lake.verdicts, lake.runs
SELECT
    runs.name AS run, run_id, runs.dataset, problem_id, sample_index,
    verifier, verifier_version, pass_id, status, reward, answer, detail, seconds
FROM lake.verdicts AS verdicts JOIN lake.runs AS runs USING (run_id)
