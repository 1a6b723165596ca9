-- bayes: Bayes@N, the accuracy's posterior mean and standard deviation (Hariri et al., arXiv:2510.04265)
-- params   runs: runs, verifier: verifier
-- reads    tallies
-- grain    run, dataset, verifier
-- columns  run, dataset, verifier, problems, mean, sd, low, high, interval
-- Of each problem's chance of a correct sample, wrong and correct being alike before any is seen (a uniform Dirichlet
-- prior): mean (c+1)/(n+2). The mean over the problems asked is nearly normal; `low` and `high` are its central 95 %.
-- They say how well these problems' chances are known, not what other problems would give: for that, see pass_at_k.
WITH posteriors AS (
    SELECT run, dataset, verifier, (c + 1) / (n + 2) AS expected, expected * (1 - expected) / (n + 3) AS variance
    FROM tallies
    WHERE list_contains($runs, run) AND verifier = $verifier AND n > 0
), averaged AS (
    SELECT
        run, dataset, verifier, count(*) AS problems,
        avg(expected) AS mean, sqrt(sum(variance)) / count(*) AS sd
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
