-- current_verdicts: what counts today, of each verifier the verdict of its highest pass
-- reads    verdicts, superseded, rejudged
SELECT *
FROM verdicts
ANTI JOIN superseded USING (run_id, verifier, problem_id, pass_id)
ANTI JOIN rejudged USING (run_id, verifier, problem_id)
UNION ALL
SELECT *
FROM verdicts SEMI JOIN rejudged USING (run_id, verifier, problem_id)
QUALIFY pass_id = max(pass_id) OVER (PARTITION BY run_id, verifier, problem_id, sample_index)
