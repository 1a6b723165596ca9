-- prompts: the exact prompt of each problem of a run
-- reads    lake.prompts, lake.runs
SELECT runs.name AS run, run_id, problem_id, text, token_ids
FROM lake.prompts AS prompts JOIN lake.runs AS runs USING (run_id)
