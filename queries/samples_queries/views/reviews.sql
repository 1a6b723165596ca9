-- reviews: the current label of each reviewer on each chain of thought
-- reads    review_history
SELECT * EXCLUDE (current)
FROM review_history
WHERE current
