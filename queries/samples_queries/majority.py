"""majority: maj@k, how often a vote among k samples elects a correct answer (Wang et al. 2022, arXiv:2203.11171).

group    accuracy
params   runs: runs, verifier: verifier, ks: ints = none, minutes: float = 10
reads    current_verdicts, tallies
grain    run, dataset, verifier, k
columns  run, dataset, verifier, k, problems, maj_at_k, low, high, interval, errors, timeouts
means    minutes: refuse when the computation would take longer than this
         maj_at_k: chance that the most frequent answer among k samples is correct, averaged over problems, in [0, 1]
example  samples query majority --runs base-7b,rl-7b --verifier math --ks 1,8,64

The k samples are drawn without replacement from a problem's n, and the chance is exact, not simulated. Answers are
compared as text: 1/2 and 0.5 are two answers. Ties are shared: when t answers have the most votes and w of them are
correct, the vote is correct with chance w/t. A sample without an answer has no vote, and a vote without voters is
wrong. When a verifier judged one answer both ways, the answer counts as correct for the share of its samples that are.

The interval is "two-level beta", as in `pass_at_k`. Problems with imported counts only have no answers, and are left
out.
"""

from collections.abc import Sequence
from itertools import islice
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from samples_queries import Unanswerable
from samples_queries.chances import Integers, sums
from samples_queries.groups import at_each_k, chosen, rows, unjudged
from samples_queries.intervals import METHOD, mean_interval
from samples_queries.votes import Ballot, Count, elected

_SAMPLED = 64  # counts that are planned to estimate how long all of them take

_SQL = """
WITH decided AS (
    SELECT
        run, dataset, problem_id, status = 'correct' AS correct,
        CASE WHEN status <> 'no_answer' THEN answer END AS answer,
        status <> 'no_answer' AND answer IS NULL AS unknown
    FROM current_verdicts
    WHERE list_contains($runs, run) AND verifier = $verifier AND status IN ('correct', 'wrong', 'no_answer')
), given AS (
    SELECT
        run, dataset, problem_id, answer,
        count(*) AS samples, count(*) FILTER (correct) AS correct, count(*) FILTER (unknown) AS unknown
    FROM decided
    GROUP BY ALL
), frequencies AS (
    SELECT
        run, dataset, problem_id, CASE WHEN answer IS NOT NULL THEN samples END AS votes,
        count(*) AS answers, sum(correct / samples) AS credit,
        sum(samples) AS samples, sum(unknown) AS unknown
    FROM given
    GROUP BY ALL
), ballots AS (
    SELECT
        run, dataset, problem_id,
        sum(samples)::BIGINT AS n,
        coalesce(list(votes ORDER BY votes) FILTER (votes IS NOT NULL), []) AS votes,
        coalesce(list(answers ORDER BY votes) FILTER (votes IS NOT NULL), []) AS answers,
        coalesce(list(credit ORDER BY votes) FILTER (votes IS NOT NULL), []) AS credits,
        sum(unknown)::BIGINT AS unknown
    FROM frequencies
    GROUP BY run, dataset, problem_id
)
SELECT run, dataset, n, votes, answers, credits, count(*) AS problems, sum(unknown)::BIGINT AS unknown
FROM ballots
GROUP BY run, dataset, n, votes, answers, credits
ORDER BY run, dataset, n, votes, answers, credits
"""

_LEFT_OUT = """
SELECT run, dataset, sum(errors)::BIGINT AS errors, sum(timeouts)::BIGINT AS timeouts
FROM tallies
WHERE list_contains($runs, run) AND verifier = $verifier
GROUP BY ALL
"""


def answer(
    connection: duckdb.DuckDBPyConnection, *, runs: list[str], verifier: str, ks: list[int] | None, minutes: float
) -> pa.Table:
    """Return maj@k of each run, at each k that one of its problems reaches.

    Raises:
        Unanswerable: A k is below 1 or above the largest n, the verifier stored no answers, or it would take too long.
    """
    judged = rows(connection, _SQL, runs=runs, verifier=verifier)
    if not judged:
        raise unjudged(verifier)
    _require_answers(judged, verifier)
    wanted = chosen(ks, max(row["n"] for row in judged))
    ballots = [Ballot(row["n"], *map(tuple, (row["votes"], row["answers"], row["credits"]))) for row in judged]
    different = list(dict.fromkeys(ballots))  # problems with the same ballot are computed once
    _require_time(different, wanted, minutes)
    outcomes = {
        ballot: np.array([elected(ballot, k) if k <= ballot.n else np.nan for k in wanted.tolist()])
        for ballot in different
    }
    left_out = {(row["run"], row["dataset"]): row for row in rows(connection, _LEFT_OUT, runs=runs, verifier=verifier)}
    parts: list[pa.Table] = []
    for run, dataset in dict.fromkeys((row["run"], row["dataset"]) for row in judged):
        here = [place for place, row in enumerate(judged) if (row["run"], row["dataset"]) == (run, dataset)]
        values = np.stack([outcomes[ballots[place]] for place in here])
        weights = np.array([judged[place]["problems"] for place in here])
        problems, mean, low, high = mean_interval(sums(values, weights))
        same = {"run": run, "dataset": dataset, "verifier": verifier}
        missing = {name: left_out[run, dataset][name] for name in ("errors", "timeouts")}
        parts.append(at_each_k(same, wanted, problems, maj_at_k=mean, low=low, high=high, interval=METHOD, **missing))
    return pa.concat_tables(parts)


def _require_answers(judged: Sequence[dict[str, Any]], verifier: str) -> None:
    unknown = sum(row["unknown"] for row in judged)
    if unknown:
        where = ", ".join(dict.fromkeys(row["run"] for row in judged if row["unknown"]))
        raise Unanswerable(
            f"{verifier} stored no answers of {unknown} samples that it judged right or wrong ({where}), and a vote "
            "needs them: samples rescore --verifier math (or another that extracts answers) adds them"
        )


def _require_time(ballots: Sequence[Ballot], ks: Integers, minutes: float) -> None:
    """Plan an even choice of the counts, and refuse when all of them would take too long."""
    pairs = sum(int((ks <= ballot.n).sum()) for ballot in ballots)
    every = ((ballot, k) for ballot in ballots for k in ks.tolist() if k <= ballot.n)
    some = islice(every, 0, None, max(1, pairs // _SAMPLED))
    seconds = [Count(ballot, k).seconds for ballot, k in some]
    expected = sum(seconds) / max(len(seconds), 1) * pairs / 60
    if expected > minutes:
        raise Unanswerable(
            f"votes at {len(ks)} ks, of problems with {len(ballots)} different sets of answers, take some "
            f"{expected:.0f} minutes: ask for fewer ks or problems, or allow it with minutes={expected * 2:.0f}"
        )
