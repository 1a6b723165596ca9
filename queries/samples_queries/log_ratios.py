"""Samples with their log-prob under the run that drew them and under a scorer. No query.

The log-probs of the run are those that it stored, in its log-prob mode. A ratio is of the same tokens: samples that
were scored as text, or of which the numbers of tokens differ, have none.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import duckdb

from samples_queries import Unanswerable
from samples_queries.groups import rows

# One row per sample that the scorer scored. The bound keeps sums exact as DECIMAL(38, 20).
LOG_RATIOS = """
SELECT
    run, run_id, samples.dataset, problem_id, sample_index, samples.tokens, finish_reason,
    samples.cumulative_logprob AS logprob_own, given.cumulative_logprob AS logprob_scorer, token_mode, prompt,
    CASE
        WHEN token_mode = 'ids' AND samples.tokens IS NOT DISTINCT FROM given.tokens
            AND abs(logprob_scorer - logprob_own) < 1e12
        THEN logprob_scorer - logprob_own
    END AS log_ratio
FROM samples
JOIN (
    SELECT run_id, problem_id, sample_index, tokens, cumulative_logprob, token_mode, prompt
    FROM likelihoods
    WHERE scorer = $scorer
) AS given USING (run_id, problem_id, sample_index)
WHERE list_contains($runs, run) AND error IS NULL
"""

# Aggregates over these rows that `lacking` needs.
COUNTS = """
    count(*) AS scored, count(log_ratio) AS samples, countif(token_mode = 'text') AS text,
    countif(logprob_own IS NULL) AS without, countif(logprob_scorer = '-inf'::DOUBLE) AS impossible,
    countif(prompt = 'own' AND log_ratio IS NOT NULL) AS other_prompts
"""
_NAMES = ("scored", "samples", "text", "without", "impossible", "other_prompts")


def counted(connection: duckdb.DuckDBPyConnection, runs: Sequence[str], scorer: str) -> list[dict[str, Any]]:
    """Return the counts of each run."""
    sql = f"SELECT run, {COUNTS} FROM ({LOG_RATIOS}) GROUP BY run ORDER BY run"  # noqa: S608 - SQL of our own
    return rows(connection, sql, runs=list(runs), scorer=scorer)


def lacking(counts: Iterable[Mapping[str, Any]], scorer: str) -> list[str]:
    """Check that some sample has a log-ratio; return notes about those that have none.

    `counts` are dicts with `run` and the names in COUNTS: one for a run, or one for each problem of a run.

    Raises:
        Unanswerable: No sample of any run has one.
    """
    of_runs: dict[str, Counter[str]] = {}
    for count in counts:
        of_runs.setdefault(count["run"], Counter()).update({name: count[name] for name in _NAMES})
    notes = [note for run, count in of_runs.items() if (note := _lacking(run, count, scorer))]
    if not any(count["samples"] for count in of_runs.values()):
        raise Unanswerable("; ".join(["no log-ratio is known", *notes]))
    notes += [
        f"{scorer} scored {run} after prompts of its own: the log-probs are of answers to different prompts"
        for run, count in of_runs.items()
        if count["other_prompts"]
    ]
    return notes


def _lacking(run: str, count: Counter[str], scorer: str) -> str | None:
    if count["samples"] == count["scored"]:
        return None
    reasons = {
        f"{count['text']:,} were scored as text, so as other tokens (bits_per_byte of perplexity compares)": "text",
        f"{count['without']:,} have no stored log-probs": "without",
        f"{count['impossible']:,} are impossible for the scorer (log-prob -inf), which would make a mean infinite": (
            "impossible"
        ),
    }
    why = [reason for reason, name in reasons.items() if count[name]] or ["their log-probs are no finite numbers"]
    missing = count["scored"] - count["samples"]
    return f"{missing:,} of {count['scored']:,} samples of {run} under {scorer} are left out: {', '.join(why)}"
