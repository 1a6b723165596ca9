-- perplexity_by_run: the median perplexity of a problem's samples, averaged over problems (Yue et al. 2025)
-- group    likelihood
-- params   runs: runs, verifier: verifier = only
-- reads    runs, samples, current_verdicts, verdicts
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
WITH judge AS (
    SELECT coalesce($verifier, CASE WHEN count(DISTINCT verifier) = 1 THEN any_value(verifier) END) AS verifier
    FROM verdicts
    WHERE list_contains($runs, run)
), judged AS (
    -- the condition repeats the join, because DuckDB skips files by a bound value, but not by a joined one
    SELECT run_id, problem_id, sample_index, CASE status WHEN 'correct' THEN 'correct' ELSE 'wrong' END AS status
    FROM current_verdicts JOIN judge USING (verifier)
    WHERE status IN ('correct', 'wrong', 'no_answer') AND verifier = coalesce($verifier, verifier)
), measured AS (
    SELECT run_id, problem_id, sample_index, -cumulative_logprob / tokens AS log
    FROM samples
    WHERE list_contains($runs, run) AND error IS NULL AND tokens > 0
), finite AS (
    SELECT * FROM measured WHERE isfinite(exp(log))
), grouped AS (
    SELECT run_id, problem_id, log, 'all' AS status
    FROM finite
    UNION ALL
    SELECT run_id, problem_id, log, status
    FROM finite JOIN judged USING (run_id, problem_id, sample_index)
), per_problem AS (
    SELECT run_id, problem_id, status, count(*) AS samples, median(exp(log)) AS middle, avg(log) AS mean_log
    FROM grouped
    GROUP BY ALL
), per_run AS (
    SELECT
        run_id, status,
        count(*) AS problems,
        sum(samples)::BIGINT AS samples,
        avg(middle) AS perplexity,
        min(middle) AS lowest,
        max(middle) AS highest,
        avg(mean_log) AS mean_log
    FROM per_problem
    GROUP BY ALL
)
SELECT run, dataset, labels, verifier, status, problems, samples, perplexity, lowest, highest, mean_log
FROM per_run JOIN runs USING (run_id) CROSS JOIN judge
ORDER BY run, status
