"""Plan what is not scored: the stored samples that are asked for, minus those that the scorer has scored.

A unit holds the samples of one problem of one run within a cell of 64 indices, and may have gaps: only right answers
may be asked for, or some may be scored already.
"""

import numpy as np
import pyarrow as pa

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
        cells = connection.sql(_CELLS).to_arrow_table()
    return _plan(problems, cells, wanted, request.unit)


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

# One row per cell in which a sample is not scored. Bit i of its mask stands for index 64 * cell + i.
_CELLS = f"""
WITH problems AS ({_PROBLEMS})
SELECT problem, sample_index // {CELL} AS cell, bit_or(1::UBIGINT << (sample_index % {CELL})::UBIGINT) AS mask
FROM wanted JOIN problems USING (run_id, problem_id)
WHERE NOT done
GROUP BY ALL
ORDER BY cell, problem
"""  # noqa: S608 - own names


def _plan(problems: pa.Table, cells: pa.Table, wanted: int, unit: int) -> Plan:
    """Cut each cell's mask into units of at most `unit` indices on the grid."""
    problem, cell, mask = (cells[name].to_numpy() for name in ("problem", "cell", "mask"))
    parts = np.arange(0, CELL, unit)
    grid = np.array([((1 << min(unit, CELL - part)) - 1) << part for part in parts.tolist()], np.uint64)
    pieces = mask.astype(np.uint64)[:, None] & grid
    order, _ = np.nonzero(pieces)
    masks = pieces[pieces != 0]
    bits = np.unpackbits(masks.astype("<u8").view(np.uint8).reshape(-1, 8), axis=1, bitorder="little")
    base = cell[order].astype(np.int32) * CELL
    first, last = bits.argmax(1), CELL - 1 - bits[:, ::-1].argmax(1)
    return Plan(
        problems["problem_id"].to_pylist(),
        problem[order].astype(np.int32),
        (base + first).astype(np.int32),
        (base + last + 1).astype(np.int32),
        wanted=wanted,
        run_ids=problems["run_id"].to_pylist(),
        mask=masks,
    )
