-- several: problems of runs that a verifier went over in more than one pass
-- reads    judged
-- made     once
SELECT run_id, verifier, problem_id FROM judged WHERE first_pass < last_pass
