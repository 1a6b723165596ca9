-- bayes: Bayes@N, the accuracy with its Bayesian uncertainty (Hariri et al. 2025, arXiv:2510.04265)
-- group    accuracy
-- formula  mean = mean over problems of (c + 1) / (n + 2)
-- params   runs: runs, verifier: verifier, problem_set: problems
-- reads    verified
-- grain    run, dataset, verifier
-- columns  run, dataset, verifier, problems, mean, sd, low, high, interval
-- means    problems: problems with a verified sample
--          mean: posterior mean of the accuracy, averaged over these problems, in [0, 1]
--          sd: posterior standard deviation of that average
--          low: lower end of the interval that holds the average accuracy on these problems with 95 % probability
-- example  samples query bayes --runs base-7b,rl-7b --verifier math
--
-- Before any sample is seen, each problem's chance of a correct sample is taken to be uniform between 0 and 1. After c
-- of n samples were correct, its posterior mean is (c+1)/(n+2). The average over problems is close to normal, and `low`
-- and `high` are its central 95 %.
--
-- The interval is "samples only": it says how well the accuracy on these problems is known. It does not say how other
-- problems would turn out. `pass_at_k` has an interval for that.
WITH posteriors AS (
    SELECT run, dataset, $verifier AS verifier, (c + 1) / (n + 2) AS expected, expected * (1 - expected) / (n + 3) AS variance
    FROM compared
), averaged AS (
    SELECT
        run, dataset, verifier, count(*) AS problems,
        list_avg(list(expected ORDER BY expected)) AS mean,
        sqrt(list_sum(list(variance ORDER BY variance))) / count(*) AS sd
    FROM posteriors
    GROUP BY run, dataset, verifier
)
SELECT
    run, dataset, verifier, problems, mean, sd,
    greatest(mean - 1.959963984540054 * sd, 0) AS low,
    least(mean + 1.959963984540054 * sd, 1) AS high,
    'samples only: normal posterior' AS interval
FROM averaged
ORDER BY run, dataset
