-- current_verdicts: what counts today, of each verifier the verdict of its highest pass
-- reads    verdicts
SELECT * FROM verdicts
QUALIFY pass_id = max(pass_id) OVER (PARTITION BY run_id, problem_id, sample_index, verifier)
