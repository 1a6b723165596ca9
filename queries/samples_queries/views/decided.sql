-- decided: the current verdicts that are correct or wrong; no answer is wrong
-- reads    current_verdicts
SELECT *, status = 'correct' AS correct
FROM current_verdicts
WHERE status IN ('correct', 'wrong', 'no_answer')
