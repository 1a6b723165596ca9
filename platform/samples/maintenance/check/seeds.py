"""Audits of seeds: samples that repeat each other beyond what their seeds allow.

Every sample of a problem has a seed of its own. So a text comes again by chance alone, and the chance is that of the
text: at most e^-40 where its log-prob says so. Where a temperature or a truncation makes texts likelier than their
log-prob says, only texts far below that count; near greedy, any text may come again.
"""

from typing import Any

from samples.maintenance.check.audit import Audit
from samples.runs.run import Run

_EXACT, _ABOUT = -40.0, -200.0  # a text less likely than this does not come again by chance
_WARM, _WIDE = 0.5, 0.5  # temperature and top_p from which _ABOUT holds
_NEUTRAL = {"temperature": 1.0, "top_p": 1.0, "top_k": 0, "min_p": 0.0}
_PENALTIES = {"presence_penalty": 0.0, "frequency_penalty": 0.0, "repetition_penalty": 1.0}


def unlikely(run: Run) -> float | None:
    """Return the log-prob below which no text of a run comes again by chance; None if that is not known."""
    if run.engine == "toy" and "bigram=" not in run.model:
        return None  # its log-probs come from a table, and only the length of its texts from the seed
    sampling = run.specification.get("sampling")
    if not isinstance(sampling, dict) or "max_tokens" not in sampling:
        return None
    given: dict[str, Any] = _NEUTRAL | _PENALTIES | sampling
    if given.get("logprobs_mode") == "processed_logprobs":
        return _EXACT
    if all(given[name] == value for name, value in (_NEUTRAL | _PENALTIES).items()):
        return _EXACT
    warm = given["temperature"] >= _WARM and given["top_p"] >= _WIDE and given["min_p"] <= 1 - _WIDE
    return _ABOUT if warm and given["top_k"] != 1 else None


_SAME_SEED = """
WITH again AS (
    SELECT seed FROM lake.samples WHERE seed IS NOT NULL GROUP BY seed HAVING count(*) > 1
), shared AS (
    SELECT run_id, problem_id, seed, count(DISTINCT sample_index) AS samples, max(sample_index) AS sample_index
    FROM lake.samples SEMI JOIN again USING (seed)
    GROUP BY ALL
    HAVING samples > 1
)
SELECT run_id, sum(samples - 1) AS samples, arg_min(sample_of(problem_id, sample_index), problem_id) AS first
FROM shared
GROUP BY run_id
"""

# Equal texts have equal sums of log-probs, to the last bit, unless the engine batched them otherwise.
_SAME_TEXT = """
WITH facts AS (
    SELECT run_id, problem_id, sample_index, {print} AS print
    FROM {source} JOIN lake.chances USING (run_id)
    WHERE isfinite({logprob}) AND {logprob} < chances.unlikely
), again AS (
    SELECT print FROM facts GROUP BY print HAVING count(*) > 1
), shared AS (
    SELECT run_id, problem_id, print, count(DISTINCT sample_index) AS samples, max(sample_index) AS sample_index
    FROM facts SEMI JOIN again USING (print)
    GROUP BY ALL
    HAVING samples > 1
)
SELECT run_id, sum(samples - 1) AS samples, arg_min(sample_of(problem_id, sample_index), problem_id) AS first
FROM shared
GROUP BY run_id
"""

_OUT = "no independent samples: drop the run, draw it anew"

AUDITS = (
    Audit("samples", "samples of a problem with one seed", _OUT, ("samples",), _SAME_SEED),
    Audit("samples", "long samples that repeat another of the problem", _OUT, ("samples", "runs"),
        _SAME_TEXT.format(
            source="lake.samples", logprob="cumulative_logprob",
            print="hash(run_id, problem_id, tokens, cumulative_logprob)")),
    Audit("completions", "long texts that repeat another of the problem", _OUT, ("completions", "runs"),
        _SAME_TEXT.format(
            source="lake.completions_measured", logprob="logprob", print="hash(run_id, problem_id, text)"), deep=True),
)  # fmt: skip
