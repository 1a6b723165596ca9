-- review_history: every label that a reviewer ever gave a chain of thought
-- reads    lake.reviews, lake.runs
SELECT
    runs.name AS run, run_id, runs.dataset, problem_id, sample_index, reviewer, label, note, number,
    reviews.created_at,
    number = max(number) OVER (PARTITION BY run_id, problem_id, sample_index, reviewer) AS current
FROM lake.reviews AS reviews JOIN lake.runs AS runs USING (run_id)
