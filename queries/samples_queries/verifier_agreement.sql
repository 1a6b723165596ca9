-- verifier_agreement: how often two verifiers judge the same samples alike
-- params   runs: runs, first: verifier, second: verifier
-- reads    current_verdicts
-- grain    run
-- columns  run, dataset, first, second, samples, agree, share, kappa, both_correct, only_first, only_second,
--          neither, undecided
-- Of each sample the current verdicts: correct or not, which no answer is. `samples` were decided by both verifiers;
-- where either says error or timeout they are `undecided` and in no other figure. `only_first` are correct to the first
-- alone. `kappa` is Cohen's (1960, Educational and Psychological Measurement 20:37): of the agreement that two
-- independent verifiers with these rates would miss, the share that is there; NULL where both call all samples right,
-- or all wrong: there is none to miss.
WITH sides AS (
    SELECT
        run, dataset, problem_id, sample_index,
        CASE WHEN status IN ('correct', 'wrong', 'no_answer') THEN status = 'correct' END AS correct,
        verifier
    FROM current_verdicts
    WHERE list_contains($runs, run)
), pairs AS (
    SELECT a.run, a.dataset, a.correct AS one, b.correct AS other
    FROM sides AS a JOIN sides AS b USING (run, problem_id, sample_index)
    WHERE a.verifier = $first AND b.verifier = $second
), counts AS (
    SELECT
        run, dataset,
        count(*) FILTER (one AND other) AS both_correct,
        count(*) FILTER (one AND NOT other) AS only_first,
        count(*) FILTER (NOT one AND other) AS only_second,
        count(*) FILTER (NOT one AND NOT other) AS neither,
        count(*) FILTER (one IS NULL OR other IS NULL) AS undecided
    FROM pairs
    GROUP BY run, dataset
), totals AS (
    SELECT *, both_correct + only_first + only_second + neither AS samples, both_correct + neither AS agree
    FROM counts
), expected AS (
    -- samples that two independent verifiers with these rates would agree on
    SELECT
        *,
        ((both_correct + only_first) * (both_correct + only_second) + (only_second + neither) * (only_first + neither))
            / nullif(samples, 0) AS by_chance
    FROM totals
)
SELECT
    run, dataset, $first AS first, $second AS second, samples, agree,
    agree / nullif(samples, 0) AS share,
    (agree - by_chance) / nullif(samples - by_chance, 0) AS kappa,
    both_correct, only_first, only_second, neither, undecided
FROM expected
ORDER BY run
