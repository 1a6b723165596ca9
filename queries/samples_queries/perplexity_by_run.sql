-- perplexity_by_run: the median perplexity of a problem's samples, averaged over problems (Yue et al. 2025)
-- group    likelihood
-- params   runs: runs, verifier: verifier = only, scorer: scorer = none
-- reads    runs, judged_perplexities, only_verifier
-- scored   scored_perplexities
-- grain    run, token_mode, status
-- columns  run, dataset, labels, scorer, token_mode, verifier, status, problems, samples, unknown, perplexity, lowest,
--          q25, q50, q75, highest, mean_log, bits_per_byte
-- means    problems: problems that have a sample of this status with a known perplexity
--          samples: samples of this status with a known perplexity
--          unknown: samples of this status without one: failed, not scored, without tokens, or not finite
--          perplexity: mean over problems of the median perplexity of the problem's samples
--          lowest: smallest of these medians
--          q25: 0.25 quantile of these medians over problems; interpolated
--          q50: median of these medians
--          q75: 0.75 quantile of these medians; interpolated
--          highest: largest of these medians
--          mean_log: mean over problems of the mean log perplexity (natural log) of the problem's samples
--          bits_per_byte: mean over problems of the median bits per byte of the problem's samples; NULL when no bytes
--            are known, as they are not for a run's own log-probs
-- example  samples query perplexity_by_run --runs base-7b,rl-7b --verifier math
--
-- arXiv:2504.13837 follows this figure over training steps: see `perplexity_by_step`. A few very unlikely samples change
-- `mean_log` less than `perplexity`. `perplexity` explains the perplexity of one sample.
WITH per_problem AS (
    SELECT
        run_id, problem_id, token_mode, coalesce(verdict, 'all') AS status,
        count(log_perplexity) AS samples,
        count(*) - count(log_perplexity) AS unknown,
        median(exp(log_perplexity)) AS middle,
        avg(log_perplexity::DECIMAL(38, 20)) AS mean_log,
        median(bits_per_byte) AS bits
    FROM judged_perplexities
    WHERE list_contains($runs, run)
    GROUP BY GROUPING SETS ((run_id, problem_id, token_mode), (run_id, problem_id, token_mode, verdict))
    HAVING grouping(verdict) = 1 OR verdict IS NOT NULL
), per_run AS (
    SELECT
        run_id, token_mode, status,
        count(middle) AS problems,
        sum(samples)::BIGINT AS samples,
        sum(unknown)::BIGINT AS unknown,
        list_avg(list(middle ORDER BY middle) FILTER (middle IS NOT NULL)) AS perplexity,
        min(middle) AS lowest,
        quantile_cont(middle, [0.25, 0.5, 0.75]) AS quartiles,
        max(middle) AS highest,
        list_avg(list(mean_log ORDER BY mean_log) FILTER (mean_log IS NOT NULL)) AS mean_log,
        list_avg(list(bits ORDER BY bits) FILTER (bits IS NOT NULL)) AS bits_per_byte
    FROM per_problem
    GROUP BY run_id, token_mode, status
    HAVING count(middle) > 0
)
SELECT
    run, dataset, labels, coalesce($scorer, run) AS scorer, token_mode,
    coalesce($verifier, (FROM only_verifier)) AS verifier, status, problems, samples, unknown, perplexity, lowest,
    quartiles[1] AS q25, quartiles[2] AS q50, quartiles[3] AS q75, highest, mean_log, bits_per_byte
FROM per_run JOIN runs USING (run_id)
ORDER BY run, token_mode, status
