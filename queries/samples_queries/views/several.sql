-- several: problems of runs that a verifier judged in more than one pass
-- reads    judged
-- made     once
SELECT run_id, verifier, problem_id FROM judged WHERE first_pass < last_pass
