-- perplexity_by_run: the median perplexity of a problem's samples, averaged over problems (Yue et al. 2025)
-- group    likelihood
-- params   runs: runs, verifier: verifier = only
-- reads    runs, samples_by_status, only_verifier
-- grain    run, status
-- columns  run, dataset, labels, verifier, status, problems, samples, perplexity, lowest, highest, mean_log
-- means    problems: problems that have a sample of this status with a known perplexity
--          samples: samples of this status with a known perplexity
--          perplexity: mean over problems of the median perplexity of the problem's samples
--          lowest: smallest of these medians
--          highest: largest of these medians
--          mean_log: mean over problems of the mean log perplexity (natural log) of the problem's samples
-- example  samples query perplexity_by_run --runs base-7b,rl-7b --verifier math
--
-- arXiv:2504.13837 follows this figure over training steps. A few very unlikely samples change `mean_log` less than
-- `perplexity`. `perplexity` explains the perplexity of one sample.
WITH per_problem AS (
    SELECT
        run_id, problem_id, status,
        count(*) AS samples,
        median(exp(log_perplexity)) AS middle,
        avg(log_perplexity::DECIMAL(38, 20)) AS mean_log
    FROM samples_by_status
    WHERE list_contains($runs, run) AND log_perplexity IS NOT NULL
    GROUP BY run_id, problem_id, status
), per_run AS (
    SELECT
        run_id, status,
        count(*) AS problems,
        sum(samples)::BIGINT AS samples,
        list_avg(list(middle ORDER BY middle)) AS perplexity,
        min(middle) AS lowest,
        max(middle) AS highest,
        list_avg(list(mean_log ORDER BY mean_log)) AS mean_log
    FROM per_problem
    GROUP BY run_id, status
)
SELECT run, dataset, labels, coalesce($verifier, (FROM only_verifier)) AS verifier, status, problems, samples, perplexity, lowest, highest, mean_log
FROM per_run JOIN runs USING (run_id)
ORDER BY run, status
