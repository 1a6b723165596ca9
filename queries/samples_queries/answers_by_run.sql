-- answers_by_run: how many different answers problems got on average (Wu et al. 2025, arXiv:2507.14843)
-- group    answers
-- params   runs: runs, verifier: verifier
-- reads    current_verdicts
-- grain    run
-- columns  run, dataset, verifier, problems, answered, distinct_answers, entropy, top_share
-- means    problems: problems with a verified sample
--          answered: problems with an extracted answer; the means are over them
--          distinct_answers: mean number of different answers to a problem, compared as text; NULL without an answer
--          entropy: mean entropy of a problem's answers, in nats; NULL without an answer
--          top_share: mean share of the most frequent answer of a problem, in [0, 1]; NULL without an answer
-- example  samples query answers_by_run --runs base-7b,rl-7b --verifier math
--
-- `answers` gives the same figures for each problem.
WITH decided AS (
    SELECT run, dataset, problem_id, CASE WHEN status <> 'no_answer' THEN answer END AS answer
    FROM current_verdicts
    WHERE list_contains($runs, run) AND verifier = $verifier AND status IN ('correct', 'wrong', 'no_answer')
), votes AS (
    SELECT run, dataset, problem_id, answer, count(answer) AS samples
    FROM decided
    GROUP BY ALL
), shares AS (
    SELECT *, samples / nullif(sum(samples) OVER (PARTITION BY run, problem_id), 0) AS share
    FROM votes
), per_problem AS (
    SELECT
        run, dataset, problem_id,
        nullif(count(answer), 0) AS distinct_answers,
        -sum(share * ln(share)) FILTER (answer IS NOT NULL) + 0.0 AS entropy,
        max(share) AS top_share
    FROM shares
    GROUP BY ALL
)
SELECT
    run, dataset, $verifier AS verifier,
    count(*) AS problems,
    count(distinct_answers) AS answered,
    avg(distinct_answers) AS distinct_answers,
    avg(entropy) AS entropy,
    avg(top_share) AS top_share
FROM per_problem
GROUP BY run, dataset
ORDER BY run
