-- answers: how many different answers the samples of each problem gave, and which answer was the most frequent
-- group    answers
-- params   runs: runs, verifier: verifier
-- reads    current_verdicts
-- grain    run, problem_id
-- columns  run, dataset, verifier, problem_id, n, answered, distinct_answers, entropy, top_answer, top_votes,
--          top_share, top_status
-- means    answered: samples of these n with an answer that the verifier extracted
--          distinct_answers: number of different answers, compared as text: 1/2 and 0.5 are two
--          entropy: entropy of the answers in nats; 0 when all are the same; NULL without an answer
--          top_answer: the most frequent answer; NULL without an answer
--          top_votes: samples that gave the most frequent answer; NULL without an answer
--          top_share: top_votes as a share of answered, in [0, 1]; NULL without an answer
--          top_status: correct or wrong: the verdict on the most frequent answer; NULL without an answer
-- example  samples query answers --runs base-7b --verifier math
--
-- The entropy is that of Wu et al. 2025 (arXiv:2507.14843). When several answers are the most frequent, a correct one
-- is shown, then the first in the order of text. When a verifier judged one answer both ways, the more frequent verdict
-- counts, and correct wins a tie. `majority` says how often a vote elects a correct answer. `answers_by_run` gives
-- means over problems.
WITH decided AS (
    SELECT run, dataset, problem_id, status, CASE WHEN status <> 'no_answer' THEN answer END AS answer
    FROM current_verdicts
    WHERE list_contains($runs, run) AND verifier = $verifier AND status IN ('correct', 'wrong', 'no_answer')
), votes AS (
    SELECT run, dataset, problem_id, answer, count(*) AS samples, count(*) FILTER (status = 'correct') AS correct
    FROM decided
    GROUP BY ALL
), ranked AS (
    SELECT
        *, sum(samples) FILTER (answer IS NOT NULL) OVER problem AS answered,
        row_number() OVER (problem ORDER BY answer IS NULL, samples DESC, 2 * correct < samples, answer) AS place
    FROM votes
    WINDOW problem AS (PARTITION BY run, problem_id)
)
SELECT
    run, dataset, $verifier AS verifier, problem_id,
    sum(samples)::BIGINT AS n,
    coalesce(any_value(answered), 0)::BIGINT AS answered,
    count(answer) AS distinct_answers,
    -- ln(answered) - sum(samples * ln(samples)) / answered is the same, but loses digits; + 0.0 turns -0 into 0
    -sum(samples / answered * ln(samples / answered)) FILTER (answer IS NOT NULL) + 0.0 AS entropy,
    any_value(answer) FILTER (place = 1) AS top_answer,
    any_value(samples) FILTER (place = 1 AND answer IS NOT NULL) AS top_votes,
    any_value(samples / answered) FILTER (place = 1 AND answer IS NOT NULL) AS top_share,
    any_value(CASE WHEN 2 * correct >= samples THEN 'correct' ELSE 'wrong' END)
        FILTER (place = 1 AND answer IS NOT NULL) AS top_status
FROM ranked
GROUP BY run, dataset, problem_id
ORDER BY run, problem_id
