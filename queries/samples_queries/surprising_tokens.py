"""surprising_tokens: the tokens whose log-probs under two scorers differ most, over many samples, and how often.

group    likelihood
params   runs: runs, scorer: scorer, against: scorer = none, min_n: int = 10, most: int = 50
reads    runs, samples, completions, likelihoods, score_logprobs
grain    token_id
columns  token_id, n, problems, gap, total_gap, lowest, highest, logprob_scorer, logprob_against
means    scorer: name of the scorer that is asked about
         against: name of the scorer to compare with; without it each run's own stored log-probs
         min_n: leave out tokens that occur less often
         most: return at most so many tokens
         token_id: id of the token in the tokenizer of the runs
         n: how often it occurs in the samples
         problems: in samples of how many problems
         gap: mean over its occurrences of log p_scorer - log p_against, in nats: below 0 where the scorer is surprised
         total_gap: sum over its occurrences
         lowest: smallest gap of an occurrence
         highest: largest gap of an occurrence
         logprob_scorer: mean log-prob of its occurrences under the scorer
         logprob_against: mean log-prob of its occurrences under the other
example  samples query surprising_tokens --runs rl-7b --scorer base-7b

The tokens with the largest mean gap come first, whichever sign it has. It reads the log-probs of all tokens of the
samples that both scored as token ids, a few problems at a time, so memory is bounded, and time grows with the tokens:
choose problems to ask about fewer. The runs must share a tokenizer, as all runs that one scorer scored as ids do.
`token_logprobs` shows one sample.
"""

from collections.abc import Iterator

import duckdb

from samples_queries import Answer, Unanswerable
from samples_queries.groups import rows

_AT_ONCE = 8_000_000  # tokens: three lists of 4 bytes each, joined in memory

_SIZES = """
SELECT problem_id, sum(tokens)::BIGINT AS tokens
FROM samples
WHERE list_contains($runs, run) AND error IS NULL
GROUP BY problem_id
ORDER BY problem_id
"""
_GAPS = """
CREATE OR REPLACE TEMP TABLE gaps (
    token_id INTEGER, n BIGINT, problems BIGINT, unknown BIGINT, gap DECIMAL(38, 20), lowest DOUBLE, highest DOUBLE,
    logprob_scorer DECIMAL(38, 20), logprob_against DECIMAL(38, 20)
)
"""
# Own log-probs of some runs, in their log-prob mode, and of the other runs the scores.
_SOURCE = """
    SELECT run_id, problem_id, sample_index, token_logprobs
    FROM completions
    WHERE list_contains($own_{name}, run) AND problem_id BETWEEN $first AND $last AND token_logprobs IS NOT NULL
    UNION ALL
    SELECT run_id, problem_id, sample_index, token_logprobs
    FROM score_logprobs
    WHERE list_contains($runs, run) AND NOT list_contains($own_{name}, run) AND problem_id BETWEEN $first AND $last
        AND scorer = ${name} AND token_mode = 'ids'
"""
_OWN = """
SELECT DISTINCT run
FROM likelihoods
WHERE own AND scorer = $scorer AND list_contains($runs, run)
"""
_ADD = f"""
INSERT INTO gaps
WITH ids AS (
    SELECT run_id, problem_id, sample_index, token_ids
    FROM completions
    WHERE list_contains($runs, run) AND problem_id BETWEEN $first AND $last AND token_ids IS NOT NULL
), one AS ({_SOURCE.format(name="scorer")}), other AS ({_SOURCE.format(name="against")}), joined AS (
    SELECT problem_id, token_ids, one.token_logprobs AS logprobs_scorer, other.token_logprobs AS logprobs_against
    FROM ids
    JOIN one USING (run_id, problem_id, sample_index)
    JOIN other USING (run_id, problem_id, sample_index)
    WHERE len(token_ids) = len(one.token_logprobs) AND len(token_ids) = len(other.token_logprobs)
), tokens AS (
    SELECT
        problem_id, unnest(token_ids) AS token_id, unnest(logprobs_scorer)::DOUBLE AS logprob_scorer,
        unnest(logprobs_against)::DOUBLE AS logprob_against
    FROM joined
), checked AS (
    SELECT
        problem_id, token_id, isfinite(logprob_scorer) AND isfinite(logprob_against) AS known,
        CASE WHEN known THEN logprob_scorer - logprob_against END AS gap,
        CASE WHEN known THEN logprob_scorer END AS logprob_scorer,
        CASE WHEN known THEN logprob_against END AS logprob_against
    FROM tokens
)
SELECT
    token_id, count(gap), 1, count(*) - count(gap), sum(gap::DECIMAL(38, 20)), min(gap), max(gap),
    sum(logprob_scorer::DECIMAL(38, 20)), sum(logprob_against::DECIMAL(38, 20))
FROM checked
GROUP BY problem_id, token_id
"""  # noqa: S608 - SQL of our own
_FOUND = """
SELECT
    token_id,
    sum(n)::BIGINT AS n,
    countif(n > 0)::BIGINT AS problems,
    sum(gap)::DOUBLE / sum(n) AS gap,
    sum(gap)::DOUBLE AS total_gap,
    min(lowest) AS lowest,
    max(highest) AS highest,
    sum(logprob_scorer)::DOUBLE / sum(n) AS logprob_scorer,
    sum(logprob_against)::DOUBLE / sum(n) AS logprob_against
FROM gaps
GROUP BY token_id
HAVING sum(n) >= greatest($min_n, 1)
ORDER BY abs(sum(gap)::DOUBLE / sum(n)) DESC, n DESC, token_id
LIMIT $most
"""


def answer(
    connection: duckdb.DuckDBPyConnection,
    *,
    runs: list[str],
    scorer: str,
    against: str | None,
    min_n: int,
    most: int,
) -> Answer:
    """Return one row for each token, those with the largest mean gap first.

    Raises:
        Unanswerable: `most` is below 1, or no sample has token log-probs under both.
    """
    if most < 1:
        raise Unanswerable(f"most = {most}: expected at least 1")
    connection.execute(_GAPS)
    asked = {"runs": runs, "scorer": scorer, "against": against}
    asked |= {f"own_{name}": _own(connection, runs, one) for name, one in (("scorer", scorer), ("against", against))}
    for first, last in _chunks(connection, runs):
        connection.execute(_ADD, {**asked, "first": first, "last": last})
    ((n, unknown),) = connection.execute("SELECT coalesce(sum(n), 0), coalesce(sum(unknown), 0) FROM gaps").fetchall()
    if not n:
        raise Unanswerable(
            f"no sample of {', '.join(runs)} has token ids and token log-probs under {scorer} and under "
            f"{against or 'the run itself'}; samples query scorers shows what is scored, and in which token mode"
        )
    found = connection.sql(_FOUND, params={"min_n": min_n, "most": most}).to_arrow_table()
    notes = [f"{int(unknown):,} tokens are left out: their log-probs are no finite numbers"] if unknown else []
    return Answer(found, notes)


def _own(connection: duckdb.DuckDBPyConnection, runs: list[str], scorer: str | None) -> list[str]:
    """Return the runs whose stored log-probs are a scorer's. Without a scorer, those of every run are meant."""
    if scorer is None:
        return runs
    return [row["run"] for row in rows(connection, _OWN, runs=runs, scorer=scorer)]


def _chunks(connection: duckdb.DuckDBPyConnection, runs: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the first and last of problems, in order of ids, whose samples have some _AT_ONCE tokens together."""
    first, last, tokens = "", "", 0
    for row in rows(connection, _SIZES, runs=runs):
        first, last, tokens = first or row["problem_id"], row["problem_id"], tokens + (row["tokens"] or 0)
        if tokens >= _AT_ONCE:
            yield first, last
            first, tokens = "", 0
    if first:
        yield first, last
