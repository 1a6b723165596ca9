-- setups: what drew the samples of each run: hardware, settled settings and versions
-- reads    lake.setups, lake.runs
SELECT runs.name AS run, run_id, drawn_by, device, dtype, model_runner, setups.created_at
FROM lake.setups AS setups JOIN lake.runs AS runs USING (run_id)
