-- duplicates: how many samples of a problem repeat the text of an earlier one: a check on seeds
-- params   runs: runs
-- reads    completions, samples
-- grain    run, problem_id
-- columns  run, dataset, problem_id, samples, distinct_texts, duplicate_rate
-- The worst come first. `samples` have a text: those that failed are left out, and imported ones without a completion.
-- An empty text is one as any other. A rate near 1 at a temperature above 0 says that samples shared a seed; short
-- answers repeat by themselves, and everything does at temperature 0. Texts are compared by a hash of 64 bits, so that
-- memory holds no text: of a thousand texts two different ones share one with a chance of 3e-14.
WITH hashed AS MATERIALIZED (
    -- nothing is filtered here: with a filter DuckDB expects few rows, and builds its join's table of whole texts
    SELECT run, run_id, dataset, problem_id, sample_index, hash(text) AS text
    FROM completions
), failed AS (
    SELECT run_id, problem_id, sample_index
    FROM samples
    WHERE error IS NOT NULL
), texts AS (
    SELECT run, dataset, problem_id, text
    FROM hashed ANTI JOIN failed USING (run_id, problem_id, sample_index)
    WHERE list_contains($runs, run)
), counts AS (
    SELECT run, dataset, problem_id, count(*) AS samples, count(DISTINCT text) AS distinct_texts
    FROM texts
    GROUP BY ALL
)
SELECT *, (samples - distinct_texts) / samples AS duplicate_rate
FROM counts
ORDER BY duplicate_rate DESC, samples DESC, run, problem_id
