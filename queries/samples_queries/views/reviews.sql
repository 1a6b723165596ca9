-- reviews: labels that people gave to chains of thought
-- reads    lake.reviews, lake.runs
SELECT runs.name AS run, run_id, problem_id, sample_index, reviewer, label, note, reviews.created_at
FROM lake.reviews AS reviews JOIN lake.runs AS runs USING (run_id)
