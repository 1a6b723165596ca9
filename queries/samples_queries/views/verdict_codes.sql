-- verdict_codes: the statuses of the current verdicts of each verifier, packed: 16 samples of a problem in one number
-- reads    current_verdicts
-- made     once
-- A join of samples with verdicts then moves a sixteenth of the rows. Sample 16 * part + i has four bits from bit 4 * i
-- on: the place of its status in the list that `judged_perplexities` has, or 0 without a verdict.
SELECT
    run_id, verifier, problem_id, sample_index >> 4 AS part,
    bit_or(
        CASE status
            WHEN 'correct' THEN 1
            WHEN 'wrong' THEN 2
            WHEN 'no_answer' THEN 3
            WHEN 'timeout' THEN 4
            WHEN 'error' THEN 5
            ELSE 6
        END::BIGINT << (4 * (sample_index & 15))
    ) AS codes
FROM current_verdicts
GROUP BY ALL
