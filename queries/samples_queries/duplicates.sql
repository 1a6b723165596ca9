-- duplicates: how many samples of a problem repeat the text of an earlier one: a check on seeds
-- params   runs: runs
-- reads    completions, samples
-- grain    run, problem_id
-- columns  run, dataset, problem_id, samples, distinct_texts, duplicate_rate
-- The worst come first. `samples` have a text: those that failed are left out, and imported ones without a completion.
-- An empty text is one as any other. A rate near 1 at a temperature above 0 says that samples shared a seed; short
-- answers repeat by themselves, and everything does at temperature 0. Texts are compared by a hash of 64 bits, so that
-- memory holds no text: of a thousand texts two different ones share one with a chance of 3e-14.
WITH succeeded AS (
    SELECT run_id, problem_id, sample_index
    FROM samples
    WHERE list_contains($runs, run) AND error IS NULL
), texts AS (
    SELECT run, dataset, problem_id, hash(text) AS hashed
    FROM completions SEMI JOIN succeeded USING (run_id, problem_id, sample_index)
), counts AS (
    SELECT run, dataset, problem_id, count(*) AS samples, count(DISTINCT hashed) AS distinct_texts
    FROM texts
    GROUP BY ALL
)
SELECT *, (samples - distinct_texts) / samples AS duplicate_rate
FROM counts
ORDER BY duplicate_rate DESC, samples DESC, run, problem_id
