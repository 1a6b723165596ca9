"""Audits of keys: rows that are there twice, or that lack their other half."""

from samples.maintenance.check.audit import Audit

_COUNTED_ONCE = "answers count it once: find out who appended it"
_REPAIR = "samples repair shows what can be rebuilt; restore the rest from a copy"
_RESTORE = "restore the files of the table from a copy"

_TWICE = """
WITH doubtful AS (
    SELECT {group}, cell FROM lake.{table}_cells GROUP BY ALL HAVING sum(rows) > bit_count(bit_or(mask))
), twice AS (
    SELECT {group}, sample_index, count(*) - 1 AS more
    FROM (SELECT *, sample_index >> 6 AS cell FROM lake.{table}) SEMI JOIN doubtful USING ({group}, cell)
    GROUP BY {group}, sample_index
    HAVING more > 0
)
SELECT run_id, sum(more) AS samples, arg_min({said}, (problem_id, sample_index)) AS first
FROM twice
GROUP BY run_id
"""

_REPEATED = """
SELECT {run} AS run_id, sum(more) AS samples, 'problem ' || min(problem_id) AS first
FROM (SELECT {key}, count(*) - 1 AS more FROM lake.{table} GROUP BY ALL HAVING more > 0)
GROUP BY ALL
HAVING samples > 0
"""

_SETUPS = """
SELECT run_id, sum(more) AS samples, NULL AS first
FROM (SELECT run_id, drawn_by, count(*) - 1 AS more FROM lake.setups GROUP BY ALL HAVING more > 0)
GROUP BY run_id
"""

_SAME_NAME = """
SELECT min(run_id) AS run_id, NULL AS samples, string_agg(run_id, ', ' ORDER BY run_id) AS first
FROM lake.runs
GROUP BY name
HAVING count(*) > 1
"""

_SAME_SCORER = """
SELECT
    NULL AS run_id, NULL AS samples,
    'scorer ' || name || ': ' || string_agg(scorer_id, ', ' ORDER BY scorer_id) AS first
FROM (SELECT scorer_id, arg_min(name, number) AS name FROM lake.scorers GROUP BY scorer_id)
GROUP BY name
HAVING count(*) > 1
"""

_SAID = "sample_of(problem_id, sample_index)"

# A completion counts if it is of the attempt that `samples` names. Imports may have samples without one.
_HALVES = """
WITH known AS (
    SELECT run_id, problem_id, cell, bit_or(mask) AS mask FROM lake.completions_cells GROUP BY ALL
), lacking AS (
    SELECT one.run_id, one.problem_id, one.cell, one.mask & ~coalesce(other.mask, 0::UBIGINT) AS mask
    FROM lake.samples_cells one LEFT JOIN lake.completions_cells other USING (run_id, problem_id, cell, attempt)
    WHERE one.mask & ~coalesce(other.mask, 0::UBIGINT) <> 0
)
"""

_WITHOUT = f"""
{_HALVES}
SELECT run_id, sum(bit_count(rest)) AS samples, arg_min(cell_of(problem_id, cell, rest), (problem_id, cell)) AS first
FROM (
    SELECT lacking.*, lacking.mask & ~coalesce(known.mask, 0::UBIGINT) AS rest
    FROM lacking LEFT JOIN known USING (run_id, problem_id, cell)
) LEFT JOIN lake.runs USING (run_id)
WHERE rest <> 0 AND engine IS DISTINCT FROM 'imported'
GROUP BY run_id
"""  # noqa: S608 - own text

_ANOTHERS = f"""
{_HALVES}
SELECT run_id, sum(bit_count(rest)) AS samples, arg_min(cell_of(problem_id, cell, rest), (problem_id, cell)) AS first
FROM (SELECT lacking.*, lacking.mask & known.mask AS rest FROM lacking JOIN known USING (run_id, problem_id, cell))
WHERE rest <> 0
GROUP BY run_id
"""  # noqa: S608 - own text

# The samples of a cell that one attempt drew are a unit: all of them are there, or none; or others drew the rest anew.
_PARTS = """
SELECT whole.*, whole.mask & ~there.mask AS rest
FROM lake.{heavy}_cells whole
SEMI JOIN lake.{narrow}_cells narrow USING ({key}, cell, attempt)
JOIN (SELECT {key}, cell, bit_or(mask) AS mask FROM lake.{narrow}_cells GROUP BY ALL) there USING ({key}, cell)
WHERE whole.mask & ~there.mask <> 0
"""

_PART = f"""
SELECT run_id, sum(bit_count(rest)) AS samples, arg_min(cell_of(problem_id, cell, rest), (problem_id, cell)) AS first
FROM ({_PARTS})
GROUP BY run_id
"""  # noqa: S608 - own text

# Between the ends of a unit that ingest drew, no index is missing, unless another unit has it: in a mask without gaps,
# bits change twice at most.
_GAPS = """
WITH gaps AS (
    SELECT run_id, problem_id, cell,
        bit_or((~0::UBIGINT >> (64 - length(bin(mask)))::UBIGINT) & ~(xor(mask, mask - 1) >> 1) & ~mask) AS within
    FROM lake.samples_cells JOIN lake.runs USING (run_id)
    WHERE engine <> 'imported' AND bit_count(xor(mask, mask >> 1)) > 2
    GROUP BY ALL
), lacking AS (
    SELECT gaps.*, within & ~there.mask AS rest
    FROM gaps JOIN (SELECT run_id, problem_id, cell, bit_or(mask) AS mask FROM lake.samples_cells GROUP BY ALL) there
        USING (run_id, problem_id, cell)
)
SELECT run_id, sum(bit_count(rest)) AS samples, arg_min(cell_of(problem_id, cell, rest), (problem_id, cell)) AS first
FROM lacking
WHERE rest <> 0
GROUP BY run_id
"""

_NO_LOGPROBS = """
SELECT run_id, sum(bit_count(lost)) AS samples, arg_min(cell_of(problem_id, cell, lost), (problem_id, cell)) AS first
FROM (
    SELECT one.*, one.mask & ~coalesce(other.mask, 0::UBIGINT) AS lost
    FROM lake.scores_cells one
    LEFT JOIN lake.score_logprobs_cells other USING (scorer_id, run_id, problem_id, cell, attempt)
)
WHERE lost <> 0
GROUP BY run_id
"""

# A driver that was ended between its two commits leaves rows that the narrow table does not name yet.
_UNNAMED = """
SELECT
    run_id, sum(bit_count(rest)) AS samples, arg_min(cell_of(problem_id, cell, rest), (problem_id, cell)) AS first,
    CASE WHEN any_value(young) THEN 'note' ELSE 'wrong' END AS level
FROM (
    SELECT done.*, done.mask & ~coalesce(there.mask, 0::UBIGINT) AS rest
    FROM (SELECT {key}, cell, bit_or(mask) AS mask FROM lake.{heavy}_cells GROUP BY ALL) done
    LEFT JOIN (SELECT {key}, cell, bit_or(mask) AS mask FROM lake.{narrow}_cells GROUP BY ALL) there
        USING ({key}, cell)
    -- the rest of a unit that is there in part is another finding
    ANTI JOIN ({parts}) parts USING ({key}, cell)
) LEFT JOIN (SELECT run_id, young FROM lake.commits WHERE tbl = '{heavy}') USING (run_id)
WHERE rest <> 0
GROUP BY run_id
"""


def _unnamed(heavy: str, narrow: str, key: str) -> str:
    of = {"heavy": heavy, "narrow": narrow, "key": key}
    return _UNNAMED.format(**of, parts=_PARTS.format(**of))


AUDITS = (
    Audit("samples", "rows that repeat a key", _COUNTED_ONCE, ("samples",),
        _TWICE.format(table="samples", group="run_id, problem_id", said=_SAID)),
    Audit("verdicts", "rows that repeat a key in one pass", _COUNTED_ONCE, ("verdicts",),
        _TWICE.format(table="verdicts", group="verifier, run_id, problem_id, pass_id",
            said=f"'verifier ' || verifier || ', pass ' || pass_id || ', ' || {_SAID}")),
    Audit("scores", "rows that repeat a key", _COUNTED_ONCE, ("scores",),
        _TWICE.format(table="scores", group="scorer_id, run_id, problem_id",
            said=f"'scorer ' || scorer_id || ', ' || {_SAID}")),
    *(
        Audit(name, "rows that repeat a key and attempt", _COUNTED_ONCE, (name,),
            _TWICE.format(table=name, group=f"{of}run_id, problem_id, attempt",
                said=_SAID if not of else f"'scorer ' || scorer_id || ', ' || {_SAID}"))
        for name, of in (("completions", ""), ("score_logprobs", "scorer_id, "), ("top_logprobs", "scorer_id, "))
    ),
    *(
        Audit(name, "rows that repeat a key", _COUNTED_ONCE, (name,),
            _REPEATED.format(table=name, key=key, run="NULL" if name == "problems" else "run_id"))
        for name, key in (
            ("prompts", "run_id, problem_id"),
            ("problems", "dataset, problem_id, problem_hash"),
            ("counts", "run_id, problem_id, verifier"),
        )
    ),
    Audit("setups", "rows that repeat a key", _COUNTED_ONCE, ("setups",), _SETUPS),
    Audit("runs", "several runs of one name",
        "restore table runs to an earlier version, or drop all but one by their ids", ("runs",), _SAME_NAME),
    Audit("scorers", "several scorers of one name", "restore table scorers to an earlier version", ("scorers",),
        _SAME_SCORER),
    Audit("samples", "samples without a completion", _REPAIR, ("samples", "completions", "runs"), _WITHOUT),
    Audit("samples", "samples whose completion is another attempt's", _REPAIR, ("samples", "completions"), _ANOTHERS),
    Audit("samples", "units of which only a part is named", _REPAIR, ("samples", "completions"),
        _PART.format(heavy="completions", narrow="samples", key="run_id, problem_id")),
    Audit("samples", "units with gaps", "the same ingest again draws what is missing", ("samples", "runs"), _GAPS),
    Audit("scores", "units of which only a part is named", _RESTORE, ("scores", "score_logprobs"),
        _PART.format(heavy="score_logprobs", narrow="scores", key="scorer_id, run_id, problem_id")),
    Audit("scores", "scores without their log-probs", _RESTORE, ("scores", "score_logprobs"), _NO_LOGPROBS),
    Audit("completions", "completions of units that samples does not name",
        "the same ingest again commits them, or samples repair --write", ("samples", "completions"),
        _unnamed("completions", "samples", "run_id, problem_id")),
    Audit("score_logprobs", "log-probs of units that scores does not name",
        "the same score again commits them", ("scores", "score_logprobs"),
        _unnamed("score_logprobs", "scores", "scorer_id, run_id, problem_id")),
)  # fmt: skip
