-- verifier_agreement: how often two verifiers agree on the same samples
-- group    health
-- params   runs: runs, first: verifier, second: verifier
-- reads    verdict_codes, runs
-- grain    run
-- columns  run, dataset, first, second, samples, agree, share, kappa, both_correct, only_first, only_second,
--          neither, undecided
-- means    first: name of one verifier
--          second: name of the other verifier
--          samples: samples that both verifiers judged correct or wrong; no answer is wrong
--          agree: samples of these on which they agree
--          share: agree as a share of samples, in [0, 1]; NULL without a sample
--          kappa: Cohen's kappa, at most 1: agreement beyond chance; 0 is chance; NULL when chance already agrees fully
--          both_correct: samples that both call correct
--          only_first: samples that only the first calls correct
--          only_second: samples that only the second calls correct
--          neither: samples that neither calls correct
--          undecided: samples with an error or a timeout from either verifier; they are in no other column
-- example  samples query verifier_agreement --first math --second boxed-exact
--
-- Verdicts are the current ones. Kappa is (share - chance) / (1 - chance). Chance is the agreement of two independent
-- verifiers that call as many samples correct as these do. Kappa is NULL when both call all samples correct, or all
-- wrong. It is Cohen's (1960, Educational and Psychological Measurement 20:37).
WITH sides AS (
    SELECT run, dataset, verifier, run_id, problem_id, part, codes
    FROM verdict_codes JOIN runs USING (run_id)
    WHERE list_contains($runs, run) AND verifier IN ($first, $second)
), pairs AS (
    SELECT a.run, a.dataset, (a.codes >> place) & 15 AS code_a, (b.codes >> place) & 15 AS code_b
    FROM sides AS a JOIN sides AS b USING (run_id, problem_id, part) CROSS JOIN range(0, 64, 4) AS places(place)
    WHERE a.verifier = $first AND b.verifier = $second
), decided AS (
    SELECT
        run, dataset,
        CASE WHEN code_a <= 3 THEN code_a = 1 END AS one,
        CASE WHEN code_b <= 3 THEN code_b = 1 END AS other
    FROM pairs
    WHERE code_a > 0 AND code_b > 0
), counts AS (
    SELECT
        run, dataset,
        count(*) FILTER (one AND other) AS both_correct,
        count(*) FILTER (one AND NOT other) AS only_first,
        count(*) FILTER (NOT one AND other) AS only_second,
        count(*) FILTER (NOT one AND NOT other) AS neither,
        count(*) FILTER (one IS NULL OR other IS NULL) AS undecided
    FROM decided
    GROUP BY run, dataset
), totals AS (
    SELECT *, both_correct + only_first + only_second + neither AS samples, both_correct + neither AS agree
    FROM counts
), expected AS (
    -- how many samples two independent verifiers with these rates would agree on
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
