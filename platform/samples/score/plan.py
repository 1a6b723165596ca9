"""Plan what is not scored: the stored samples that are asked for, minus those that the scorer has scored.

A unit holds the samples of one problem of one run within a cell of 64 indices, and may have gaps: only right answers
may be asked for, or some may be scored already.
"""

from samples.lake.storage import explained
from samples.lake.tables import Tables
from samples.query import filters as filtering
from samples.query.connection import engine
from samples.query.filters import Known, chosen, known
from samples.query.selection import apply_filters
from samples.query.verifiers import choose_verifier
from samples.query.views import Views, tables
from samples.score.prepare import Prepared
from samples.units.plan import CELL, Plan

_READS = ("runs", "problems", "samples", "current_verdicts", "scorers", "scores")


def reads() -> tuple[str, ...]:
    """Return the tables that planning reads."""
    return tuple(sorted(tables(_READS)))


def plan(lake: Tables, prepared: Prepared) -> Plan:
    """Plan what the scorer has not scored of what is asked for. Samples whose own request failed are left out.

    Raises:
        NotFound: A verifier, a metadata key or a value is not there.
        SamplesError: The runs have no verdicts of which `only` could speak.
    """
    request = prepared.request
    runs = [one.run.name for one in prepared.how]
    asked = filtering.read(runs=runs, where=request.where)
    with explained(lake.uri), engine() as connection:
        views = Views(connection, lake.pin(reads()), _READS)
        views.create(["runs"])
        there = known(connection)
        left = chosen(there, asked)
        verifier = _verifier(lake, left, prepared)
        views.create(_READS, apply_filters(views, there, left, asked, verifier))
        values = {
            "scorer": prepared.scorer.scorer_id,
            "most": request.limit_per_problem,
            "verifier": verifier,
            "only": request.only,
        }
        connection.execute(_WANTED, values)
        ((wanted,),) = connection.execute("SELECT count(*) FROM wanted").fetchall()
        problems = connection.sql(_PROBLEMS).to_arrow_table()
        units = connection.sql(_UNITS, params={"unit": request.unit}).to_arrow_table()
    problem, start, stop, mask = (units[name].to_numpy() for name in ("problem", "start", "stop", "mask"))
    names, runs = problems["problem_id"].to_pylist(), problems["run_id"].to_pylist()
    return Plan(names, problem, start, stop, wanted=wanted, run_ids=runs, mask=mask)


def _verifier(lake: Tables, runs: list[Known], prepared: Prepared) -> str | None:
    request = prepared.request
    return choose_verifier(lake, runs, request.verifier, "--verifier") if request.only else None


_WANTED = """
CREATE TEMP TABLE wanted AS
WITH chosen AS (
    SELECT run_id, problem_id, sample_index
    FROM samples
    WHERE error IS NULL AND ($only IS NULL OR (run_id, problem_id, sample_index) IN (
        SELECT (run_id, problem_id, sample_index) FROM current_verdicts WHERE verifier = $verifier AND status = $only
    ))
    QUALIFY $most IS NULL OR row_number() OVER (PARTITION BY run_id, problem_id ORDER BY sample_index) <= $most
), scored AS (
    SELECT run_id, problem_id, sample_index, true AS done FROM scores WHERE scorer_id = $scorer
)
SELECT run_id, problem_id, sample_index, coalesce(done, false) AS done
FROM chosen LEFT JOIN scored USING (run_id, problem_id, sample_index)
"""

_PROBLEMS = """
SELECT run_id, problem_id, (row_number() OVER (ORDER BY run_id, problem_id) - 1)::INTEGER AS problem
FROM wanted WHERE NOT done GROUP BY run_id, problem_id ORDER BY problem
"""

# One row per unit: the samples of a problem that are not scored, within a part of `unit` indices of a cell. Bit i of
# its mask stands for index 64 * cell + i. Low indices of all problems come first.
_UNITS = f"""
WITH problems AS ({_PROBLEMS})
SELECT
    problem, min(sample_index)::BIGINT AS start, max(sample_index)::BIGINT + 1 AS stop,
    bit_or(1::UBIGINT << (sample_index % {CELL})::UBIGINT) AS mask
FROM wanted JOIN problems USING (run_id, problem_id)
WHERE NOT done
GROUP BY problem, sample_index // {CELL}, sample_index % {CELL} // $unit
ORDER BY sample_index // {CELL}, sample_index % {CELL} // $unit, problem
"""  # noqa: S608 - own names
