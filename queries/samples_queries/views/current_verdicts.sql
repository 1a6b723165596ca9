-- current_verdicts: of each sample and each verifier, the verdict of the highest pass
-- reads    verdicts, superseded, rejudged
SELECT *
FROM verdicts
ANTI JOIN superseded USING (run_id, verifier, problem_id, pass_id)
ANTI JOIN rejudged USING (run_id, verifier, problem_id)
UNION ALL
SELECT *
FROM verdicts SEMI JOIN rejudged USING (run_id, verifier, problem_id)
QUALIFY pass_id = max(pass_id) OVER (PARTITION BY run_id, verifier, problem_id, sample_index)
