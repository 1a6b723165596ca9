"""Audits of lists: that they are there, their lengths, and the sums that narrow tables keep of them."""

from samples.maintenance.check.audit import Audit

_RESTORE = "restore the files from a copy, or draw the run anew"

_UNEQUAL = """
SELECT run_id, count(*) AS samples, arg_min(sample_of(problem_id, sample_index), (problem_id, sample_index)) AS first
FROM lake.{measured} WHERE ids <> logprobs
GROUP BY run_id
"""

_STORED = """
SELECT run_id, count(*) AS samples, arg_min(sample_of(problem_id, sample_index), (problem_id, sample_index)) AS first
FROM lake.{narrow} narrow JOIN lake.{measured} USING ({key}, attempt)
WHERE {wrong}
GROUP BY run_id
"""

# An import may have no tokens and no log-probs. What an engine drew has them, if only empty lists. Scores are
# declared to have them, and Delta refuses others.
_NULL = """
SELECT run_id, count(*) AS samples, arg_min(sample_of(problem_id, sample_index), (problem_id, sample_index)) AS first
FROM lake.{rows}
WHERE ({null}) AND run_id IN (SELECT run_id FROM lake.runs WHERE engine <> 'imported')
GROUP BY run_id
"""

_COUNT = "tokens <> coalesce(logprobs, ids)"
# Both sums are in double precision, and may add in another order. NaN equals NaN here.
_SUM = """
    logprobs IS NOT NULL AND cumulative_logprob IS NOT NULL AND cumulative_logprob <> logprob
    AND (NOT isfinite(cumulative_logprob - logprob)
        OR abs(cumulative_logprob - logprob) > 1e-6 * greatest(1, abs(logprob)))
"""

_SAMPLE = "run_id, problem_id, sample_index"
_OF = {
    "samples": ("completions_measured", _SAMPLE),
    "scores": ("score_logprobs_measured", f"scorer_id, {_SAMPLE}"),
}
_TOP = """
SELECT run_id, count(*) AS samples, arg_min(sample_of(problem_id, sample_index), (problem_id, sample_index)) AS first
FROM lake.top_logprobs_measured WHERE ids IS DISTINCT FROM logprobs OR ids IS DISTINCT FROM expected
GROUP BY run_id
"""

AUDITS = (
    Audit("completions", "token ids and log-probs of different length", _RESTORE, ("completions",),
        _UNEQUAL.format(measured="completions_measured"), deep=True),
    Audit("score_logprobs", "token ids and log-probs of different length", _RESTORE, ("score_logprobs",),
        _UNEQUAL.format(measured="score_logprobs_measured"), deep=True),
    Audit("top_logprobs", "lists of another length than their row says", _RESTORE, ("top_logprobs",), _TOP, deep=True),
    Audit("completions", "samples of an engine without token ids or log-probs", _RESTORE, ("completions", "runs"),
        _NULL.format(rows="completions_measured", null="ids IS NULL OR logprobs IS NULL"), deep=True),
    Audit("samples", "samples of an engine without tokens or log-prob", _RESTORE, ("samples", "runs"),
        _NULL.format(rows="samples", null="tokens IS NULL OR cumulative_logprob IS NULL")),
    *(
        Audit(name, found, _RESTORE, (name, "completions" if name == "samples" else "score_logprobs"),
            _STORED.format(narrow=name, measured=_OF[name][0], key=_OF[name][1], wrong=wrong), deep=True)
        for name in ("samples", "scores")
        for found, wrong in (
            ("numbers of tokens that differ from the log-probs", _COUNT),
            ("sums that differ from the log-probs", _SUM),
        )
    ),
)  # fmt: skip
