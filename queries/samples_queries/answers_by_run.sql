-- answers_by_run: how many different answers problems were given on average (Wu et al. 2025, arXiv:2507.14843)
-- params   runs: runs, verifier: verifier
-- reads    current_verdicts
-- grain    run
-- columns  run, dataset, verifier, problems, answered, distinct_answers, entropy, top_share
-- Means over problems with an answer of what `answers` gives per problem: `problems` are those judged, `answered` those
-- of them with at least one extracted answer.
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
