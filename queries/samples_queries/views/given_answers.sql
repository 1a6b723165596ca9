-- given_answers: each different text that was an answer to a problem, and how many samples gave it
-- reads    current_verdicts
-- The text is NULL for samples without an answer. `unknown` counts those of them that were judged all the same. Answers
-- with one key are equal to the verifier. A text that was mostly judged correct has no key. The platform makes the function
-- answer_key.
WITH texts AS (
    SELECT
        run, any_value(dataset) AS dataset, verifier, problem_id,
        CASE WHEN status <> 'no_answer' THEN answer END AS answer,
        count(*) AS samples,
        count(*) FILTER (status = 'correct') AS correct,
        count(*) FILTER (status <> 'no_answer' AND answer IS NULL) AS unknown
    FROM current_verdicts
    WHERE status IN ('correct', 'wrong', 'no_answer')
    GROUP BY run, verifier, problem_id, CASE WHEN status <> 'no_answer' THEN answer END
)
SELECT *, answer_key(verifier, CASE WHEN 2 * correct < samples THEN answer END) AS key
FROM texts
