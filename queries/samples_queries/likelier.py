"""Which samples a scorer finds as likely as its own answers. No query.

The reference of a problem is the median log-prob per token of the scorer's own samples of it, under itself: those of
the run named like the scorer. Where the lake has no such run with the dataset, it is the median of the run's own
samples, under the run. A problem that the two runs saw in different versions has no reference.
"""

from collections.abc import Mapping

from samples_queries.log_ratios import LOG_RATIOS

# The rows of LOG_RATIOS, with what they are compared with.
LIKELIER = f"""
WITH ratios AS ({LOG_RATIOS}), versions AS (
    SELECT run, dataset, unnest(map_keys(problem_hashes)) AS problem_id, unnest(map_values(problem_hashes)) AS version
    FROM runs
    WHERE run = $scorer OR list_contains($runs, run)
), medians AS (
    SELECT run, dataset, problem_id, version, median(cumulative_logprob / tokens) AS reference
    FROM own_likelihoods JOIN versions USING (run, dataset, problem_id)
    WHERE tokens > 0 AND isfinite(cumulative_logprob)
    GROUP BY ALL
), sources AS (
    SELECT
        run,
        CASE WHEN dataset IN (SELECT dataset FROM medians WHERE run = $scorer) THEN $scorer ELSE run END AS source
    FROM runs
    WHERE list_contains($runs, run)
), compared_with AS (
    SELECT asked.run, asked.problem_id, reference
    FROM sources
    JOIN versions AS asked USING (run)
    JOIN medians
        ON medians.run = source AND medians.dataset = asked.dataset AND medians.problem_id = asked.problem_id
        AND medians.version = asked.version
)
SELECT
    ratios.run, ratios.dataset, problem_id, sample_index, tokens, logprob_own, logprob_scorer, log_ratio, token_mode,
    prompt,
    log_ratio / nullif(tokens, 0) AS log_ratio_per_token,
    source AS reference_run, reference,
    CASE WHEN log_ratio IS NOT NULL THEN logprob_scorer / nullif(tokens, 0) >= reference END AS as_likely
FROM ratios
JOIN sources USING (run)
LEFT JOIN compared_with USING (run, problem_id)
"""  # noqa: S608 - SQL of our own


def unlike(references: Mapping[str, str], scorer: str) -> list[str]:
    """Say which runs are compared with themselves. `references` has the reference run of each run."""
    own = [run for run, reference in references.items() if reference == run != scorer]
    if not own:
        return []
    said = f"there is no run {scorer} of these problems: samples of {', '.join(own)} are compared with the run's own"
    return [f"{said}, not with those of {scorer}; if the scorer has a run, score under that run's name (--name RUN)"]
