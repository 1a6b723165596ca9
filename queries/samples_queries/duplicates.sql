-- duplicates: how many samples of a problem repeat the text of an earlier one, as a check of the seeds
-- group    health
-- params   runs: runs
-- reads    completions, samples
-- grain    run, problem_id
-- columns  run, dataset, problem_id, samples, distinct_texts, duplicate_rate
-- means    samples: samples with a text; failed samples and imported ones without a completion are left out
--          distinct_texts: number of different texts; an empty text counts as a text
--          duplicate_rate: share of these samples whose text an earlier sample has, in [0, 1]
-- example  samples query duplicates --runs base-7b
--
-- The highest rates come first. At a temperature above 0, a rate near 1 means that samples shared a seed. Short answers
-- repeat by chance, and at temperature 0 all texts are the same.
--
-- Texts are compared by a 64-bit hash, so that no text is kept in memory. Among a thousand different texts, two have
-- the same hash with probability 3e-14.
WITH hashed AS MATERIALIZED (
    -- no filter here: with one, DuckDB expects few rows, and its join would keep whole texts in memory
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
