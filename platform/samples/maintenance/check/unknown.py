"""Audits of references: rows of a run, a problem, a sample or a scorer that its table does not know.

Tables are committed one after the other, and pinned in the opposite order. Where a row refers to one that is not there,
the log of the other table lost its last entries, or somebody else wrote the row.
"""

from samples.maintenance.check.audit import Audit
from samples.maintenance.check.relations import CELLS
from samples.query.relations import quoted
from samples.verifiers import STATUSES

_OF_RUNS = (
    "samples", "completions", "verdicts", "scores", "score_logprobs", "top_logprobs", "prompts", "counts", "setups",
    "labels", "ingests", "reviews",
)  # fmt: skip

_UNKNOWN_RUNS = """
SELECT run_id, {count} AS samples, NULL AS first
FROM lake.{rows} ANTI JOIN lake.runs USING (run_id)
GROUP BY run_id
"""

_ASKED = "(SELECT run_id, dataset, unnest(map_keys(problem_hashes)) AS problem_id FROM lake.runs)"

_UNKNOWN_PROBLEMS = f"""
SELECT tbl, run_id, sum(rows) AS samples, 'problem ' || min(problem_id) AS first
FROM (
    SELECT 'samples' AS tbl, run_id, problem_id, sum(rows) AS rows FROM lake.samples_cells GROUP BY ALL
    UNION ALL
    SELECT 'counts', run_id, problem_id, count(*) FROM lake.counts GROUP BY ALL
) SEMI JOIN lake.runs USING (run_id) ANTI JOIN {_ASKED} asked USING (run_id, problem_id)
GROUP BY tbl, run_id
"""  # noqa: S608 - own text

_NO_QUESTION = """
WITH asked AS (
    SELECT run_id, dataset, unnest(map_entries(problem_hashes)) AS entry FROM lake.runs
), lost AS (
    SELECT run_id, dataset, entry.key AS problem_id, entry.value AS problem_hash
    FROM asked ANTI JOIN lake.problems
        ON problems.dataset = asked.dataset AND problems.problem_id = asked.entry.key
        AND problems.problem_hash = asked.entry.value
)
SELECT run_id, sum(rows) AS samples, 'problem ' || min(problem_id) AS first
FROM lost JOIN (
    SELECT run_id, problem_id, rows FROM lake.samples_cells
    UNION ALL
    SELECT run_id, problem_id, n + errors + timeouts FROM lake.counts
) USING (run_id, problem_id)
GROUP BY run_id
"""

# An imported run has the problems of its rows, and no others.
_NO_ROWS = """
SELECT
    run_id, NULL AS samples, 'problem ' || min(problem_id) AS first,
    CASE WHEN run_id IN (FROM lake.busy) THEN 'note' ELSE 'wrong' END AS level
FROM (SELECT run_id, unnest(map_keys(problem_hashes)) AS problem_id FROM lake.runs WHERE engine = 'imported')
ANTI JOIN (
    SELECT run_id, problem_id FROM lake.samples_cells
    UNION ALL
    SELECT run_id, problem_id FROM lake.counts
) USING (run_id, problem_id)
GROUP BY run_id
"""

_NO_PROMPT = """
SELECT run_id, sum(rows) AS samples, 'problem ' || min(problem_id) AS first
FROM lake.samples_cells ANTI JOIN lake.prompts USING (run_id, problem_id) JOIN lake.runs USING (run_id)
WHERE engine <> 'imported'
GROUP BY run_id
"""

# `drawn` says which of them are meant: those whose completion is there, or the others.
_UNKNOWN_SAMPLES = """
WITH masks AS (
    SELECT run_id, problem_id, cell, bit_or(mask) AS mask, 0::UBIGINT AS there, 0::UBIGINT AS text
    FROM lake.{table}_cells GROUP BY ALL
    UNION ALL
    SELECT run_id, problem_id, cell, 0, bit_or(mask), 0 FROM lake.samples_cells GROUP BY ALL
    UNION ALL
    SELECT run_id, problem_id, cell, 0, 0, bit_or(mask) FROM lake.completions_cells GROUP BY ALL
), cells AS (
    SELECT run_id, problem_id, cell, bit_or(mask) & ~bit_or(there) AS rest, bit_or(text) AS text
    FROM masks
    GROUP BY ALL
), found AS (
    SELECT run_id, problem_id, cell, rest & {drawn} AS rest FROM cells
)
SELECT run_id, sum(bit_count(rest)) AS samples, arg_min(cell_of(problem_id, cell, rest), (problem_id, cell)) AS first
FROM found
WHERE rest <> 0
GROUP BY run_id
"""

_UNKNOWN_SCORERS = """
SELECT run_id, count(*) AS samples, 'scorer ' || min(scorer_id) AS first
FROM lake.scores ANTI JOIN lake.scorers USING (scorer_id)
GROUP BY run_id
"""

# A later verdict of the sample counts in its place.
_UNKNOWN_STATUS = f"""
WITH odd AS (
    SELECT verifier, run_id, problem_id, sample_index, max(pass_id) AS pass_id
    FROM lake.verdicts
    WHERE status NOT IN ({", ".join(map(quoted, STATUSES))})
    GROUP BY ALL
), later AS (
    SELECT verifier, run_id, problem_id, sample_index
    FROM lake.verdicts JOIN odd USING (verifier, run_id, problem_id, sample_index)
    WHERE verdicts.pass_id > odd.pass_id
)
SELECT
    run_id, count(*) AS samples,
    arg_min('verifier ' || verifier || ', ' || sample_of(problem_id, sample_index), (problem_id, sample_index)) AS first
FROM odd ANTI JOIN later USING (verifier, run_id, problem_id, sample_index)
GROUP BY run_id
"""  # noqa: S608 - own text

_OTHER_DATASET = """
SELECT run_id, sum(rows) AS samples, 'dataset ' || min(cells.dataset) AS first
FROM lake.samples_cells cells JOIN lake.runs USING (run_id)
WHERE cells.dataset <> runs.dataset
GROUP BY run_id
"""

_AGAIN = "the ingest or import that began the run adds them"
_REBUILT = "samples repair shows what can be rebuilt"
_NOBODY_DREW = (
    "answers leave them out; if another program wrote them, delete them with it or restore table {table} from a copy; "
    "if it deleted samples, restore tables samples and completions"
)

AUDITS = (
    *(
        Audit(name, "rows of a run that table runs does not know", _AGAIN, ("runs", name),
            _UNKNOWN_RUNS.format(rows=f"{name}_cells", count="sum(rows)") if name in CELLS
            else _UNKNOWN_RUNS.format(rows=name, count="count(*)"))
        for name in _OF_RUNS
    ),
    Audit("samples", "samples of problems that their run does not have",
        "restore table runs from a copy, or drop the run", ("runs", "samples", "counts"),
        _UNKNOWN_PROBLEMS),
    Audit("samples", "samples in a dataset that is not their run's", "restore the files from a copy",
        ("runs", "samples"), _OTHER_DATASET),
    Audit("problems", "samples of problems that table problems does not know", _AGAIN,
        ("runs", "samples", "counts", "problems"), _NO_QUESTION),
    Audit("runs", "problems of an import without samples or counts", "the same import again adds them",
        ("runs", "samples", "counts"), _NO_ROWS),
    Audit("prompts", "samples of problems without a prompt", _AGAIN, ("runs", "samples", "prompts"), _NO_PROMPT),
    *(
        Audit(name, f"{name} of samples that {what}", way_out.format(table=name), ("samples", "completions", name),
            _UNKNOWN_SAMPLES.format(table=name, drawn=drawn))
        for name in ("verdicts", "scores", "reviews")
        for what, drawn, way_out in (
            ("table samples does not know", "text", _REBUILT), ("nobody drew", "~text", _NOBODY_DREW)
        )
    ),
    Audit("verdicts", "verdicts of an unknown status",
        "answers count them as errors: samples rescore --again judges anew; restore imported ones from a copy",
        ("verdicts",), _UNKNOWN_STATUS),
    Audit("scorers", "scores of a scorer that table scorers does not know",
        "the same score again records it", ("scores", "scorers"), _UNKNOWN_SCORERS),
)  # fmt: skip
