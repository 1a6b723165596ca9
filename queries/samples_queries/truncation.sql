-- truncation: how many samples were cut short, and the accuracy with and without them
-- group    health
-- params   runs: runs, verifier: verifier = only
-- reads    judged_perplexities, only_verifier
-- grain    run
-- columns  run, dataset, verifier, samples, stopped, cut, unknown, errors, share_cut, problems, accuracy,
--          problems_without_cut, accuracy_without_cut
-- means    samples: samples drawn, failed ones included
--          stopped: samples that ended by themselves or at a stop string
--          cut: samples that ended at max_tokens or max_model_len
--          unknown: samples without a finish reason, such as some imported ones
--          errors: samples that failed
--          share_cut: cut as a share of cut and stopped, in [0, 1]; NULL when there are neither
--          problems: problems with a verified sample
--          accuracy: pass@1: the mean over these problems of c/n, in [0, 1]; NULL without a problem
--          problems_without_cut: problems with a verified sample that was not cut
--          accuracy_without_cut: pass@1 over these problems, cut samples left out, in [0, 1]; NULL without a problem
-- example  samples query truncation --runs base-7b,rl-7b --verifier math
--
-- The accuracy without cut samples is usually too high: long chains of thought are often the wrong ones.
WITH ends AS (
    SELECT
        run, dataset, problem_id, (verdict = 'correct')::INTEGER AS correct,
        CASE
            WHEN error IS NOT NULL THEN 'error'
            WHEN finish_reason = 'length' THEN 'cut'
            WHEN finish_reason = 'stop' THEN 'stopped'
            ELSE 'unknown'
        END AS ending
    FROM judged_perplexities
    WHERE list_contains($runs, run)
), per_problem AS (
    SELECT
        run, dataset, problem_id,
        count(*) AS samples,
        countif(ending = 'stopped') AS stopped,
        countif(ending = 'cut') AS cut,
        countif(ending = 'unknown') AS unknown,
        countif(ending = 'error') AS errors,
        avg(correct) AS rate,
        avg(correct) FILTER (ending <> 'cut') AS rate_without_cut
    FROM ends
    GROUP BY run, dataset, problem_id
), per_run AS (
    SELECT
        run, dataset,
        sum(samples)::BIGINT AS samples,
        sum(stopped)::BIGINT AS stopped,
        sum(cut)::BIGINT AS cut,
        sum(unknown)::BIGINT AS unknown,
        sum(errors)::BIGINT AS errors,
        count(rate) AS problems,
        list_avg(list(rate ORDER BY rate)) AS accuracy,
        count(rate_without_cut) AS problems_without_cut,
        list_avg(list(rate_without_cut ORDER BY rate_without_cut)) AS accuracy_without_cut
    FROM per_problem
    GROUP BY run, dataset
)
SELECT
    run, dataset, coalesce($verifier, (FROM only_verifier)) AS verifier, samples, stopped, cut, unknown, errors,
    cut / nullif(stopped + cut, 0) AS share_cut,
    problems, accuracy, problems_without_cut, accuracy_without_cut
FROM per_run
ORDER BY run
