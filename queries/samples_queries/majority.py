"""majority: maj@k, how often a vote among k samples elects a correct answer (Wang et al. 2022, arXiv:2203.11171).

group    accuracy
params   runs: runs, verifier: verifier, ks: ints = none, problem_set: problems, merge: text = verifier,
         minutes: float = 10
reads    given_answers, tallies, verified, drawn
grain    run, dataset, verifier, k
columns  run, dataset, verifier, k, problems, maj_at_k, low, high, interval, unjudged, errors, timeouts
means    minutes: refuse when the computation would take longer than this
         maj_at_k: chance that the most frequent answer among k samples is correct, averaged over problems, in [0, 1]
example  samples query majority --runs base-7b,rl-7b --verifier math --ks 1,8,64

The k samples are drawn without replacement from a problem's n, and the chance is exact, not simulated. Ties are shared:
when t answers have the most votes and w of them are correct, the vote is correct with chance w/t. A sample without an
answer has no vote, and a vote without voters is wrong. When a verifier judged one answer both ways, the answer counts
as correct for the share of its samples that are.

All answers that the verifier judged correct are one answer, whatever their form: votes for 1/2 and 0.5 add up. Wrong
answers are one when they have the same normal form of this verifier:

- math and paper-math: the exact value of a number (as a fraction, decimal, mixed number or percentage, with a unit or
  x = before it); of all else the text without typesetting.
- numeric: the exact value. boxed-exact: the text without typesetting.
- other verifiers, and answers above 200 characters: the text.

The verifier finds more to be equal, such as x+1 and 1+x: these stay two answers, because no expression is evaluated
here. With merge none, all answers are compared as text.

The interval is that of `pass_at_k` with `--interval population`: other problems of this kind, sampled anew. Problems
with imported counts only have no answers, and are left out.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from samples_queries import Answer, Unanswerable
from samples_queries.chances import sums
from samples_queries.groups import at_each_k, require_samples, rows, unjudged_note, unverified
from samples_queries.intervals import METHOD, mean_interval
from samples_queries.merging import merged
from samples_queries.problem_sets import settle
from samples_queries.votes import Ballot, Count, elected

_SAMPLED = 64  # counts that are planned to estimate how long all of them take

_SQL = """
WITH given AS (
    FROM ({merged}) SEMI JOIN compared USING (run, dataset, problem_id)
), frequencies AS (
    SELECT
        run, dataset, problem_id, CASE WHEN is_given THEN samples END AS votes,
        count(*) AS answers, sum(correct) / any_value(samples) AS credit,
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


def answer(
    connection: duckdb.DuckDBPyConnection,
    *,
    runs: list[str],
    verifier: str,
    ks: list[int] | None,
    problem_set: str,
    merge: str,
    minutes: float,
) -> Answer:
    """Return maj@k of each run, at each k that its problems reach.

    Raises:
        Unanswerable: A k is below 1, no k is reached, runs have no verdicts or no common problem, the verifier stored
            no answers, `merge` is neither verifier nor none, or it would take too long.
    """
    settled = settle(connection, runs, verifier, problem_set, ks=ks)
    judged = rows(connection, _SQL.format(merged=merged(merge)), runs=list(settled.ks), verifier=verifier)
    _require_answers(judged, settled.ks, verifier)
    ballots = [Ballot(row["n"], *map(tuple, (row["votes"], row["answers"], row["credits"]))) for row in judged]
    # Problems with the same ballot are computed once.
    asked = dict.fromkeys(
        (ballot, k)
        for ballot, row in zip(ballots, judged, strict=True)
        for k in settled.ks[row["run"]].tolist()
        if k <= ballot.n
    )
    _require_time(list(asked), minutes)
    outcomes = {(ballot, k): elected(ballot, k) for ballot, k in asked}
    lost = unverified(connection, list(settled.ks), verifier)
    parts: list[pa.Table] = []
    for run, dataset in dict.fromkeys((row["run"], row["dataset"]) for row in judged):
        here = [place for place, row in enumerate(judged) if row["run"] == run]
        own = settled.ks[run]
        values = np.array([[outcomes.get((ballots[place], k), np.nan) for k in own.tolist()] for place in here])
        weights = np.array([judged[place]["problems"] for place in here])
        problems, mean, low, high = mean_interval(sums(values, weights))
        same = {"run": run, "dataset": dataset, "verifier": verifier}
        parts.append(at_each_k(same, own, problems, maj_at_k=mean, low=low, high=high, interval=METHOD, **lost[run]))
    return Answer(pa.concat_tables(parts), [*settled.notes, *unjudged_note(lost, verifier)])


def _require_answers(judged: Sequence[dict[str, Any]], runs: Iterable[str], verifier: str) -> None:
    """Refuse runs of which only counts were imported, and samples that were judged without an answer."""
    require_samples(runs, (row["run"] for row in judged))
    unknown = sum(row["unknown"] for row in judged)
    if unknown:
        where = ", ".join(dict.fromkeys(row["run"] for row in judged if row["unknown"]))
        raise Unanswerable(
            f"{verifier} stored no answers of {unknown} samples that it judged right or wrong ({where}), and a vote "
            "needs them: samples rescore --verifier math (or another that extracts answers) adds them"
        )


def _require_time(asked: Sequence[tuple[Ballot, int]], minutes: float) -> None:
    """Plan an even choice of the counts, and refuse when all of them would take too long."""
    some = asked[:: max(1, len(asked) // _SAMPLED)]
    seconds = [Count(ballot, k).seconds for ballot, k in some]
    expected = sum(seconds) / max(len(seconds), 1) * len(asked) / 60
    if expected > minutes:
        ballots, ks = (len({pair[place] for pair in asked}) for place in (0, 1))
        some_minutes = f"{expected:.{0 if expected >= 1 else 2}f}"
        raise Unanswerable(
            f"votes at {ks} ks, of problems with {ballots} different sets of answers, take some {some_minutes} "
            f"minutes: ask for fewer ks or problems, or allow it with minutes={max(1, expected * 2):.0f}"
        )
