"""Plan what is missing: the wanted sample indices minus the committed ones, cut into units.

Ranges are cut on an absolute grid. So the same few lines resume after a crash, top up from k = 64 to 1024 and repair
gaps, and a repeated command plans nothing. Planning reads two narrow columns and keeps 64 samples in one integer, so
that no lake needs a Python object per sample.
"""

from collections.abc import Sequence

import duckdb
import numpy as np
import pyarrow as pa

from samples.lake.storage import explained
from samples.lake.tables import Tables
from samples.units.plan import CELL, Ints, Plan

_CHUNK = 1 << 16
_NOTHING = (np.empty(0, np.int32),) * 3


def plan(lake: Tables, dataset: str, run_id: str, problem_ids: Sequence[str], k: int, unit: int = CELL) -> Plan:
    """Plan the samples 0 to k-1 of every problem that the run has not committed, in units of at most `unit` samples."""
    samples = lake.dataset("samples", dataset=dataset, run_id=run_id)
    problems = pa.table(
        {"problem_id": pa.array(problem_ids, pa.string()), "problem": np.arange(len(problem_ids), dtype=np.int32)}
    )
    with explained(lake.uri), duckdb.connect() as connection:
        connection.register("samples", samples).register("problems", problems)
        cells = connection.sql(_CELLS, params={"k": k}).to_arrow_table()
        beyond = connection.sql("SELECT count(*) FROM samples WHERE sample_index >= $k", params={"k": k}).fetchall()
    parts = [_units(batch, unit) for batch in cells.to_batches(_CHUNK)]
    problem, start, stop = (np.concatenate(column) for column in zip(_NOTHING, *parts, strict=True))
    return Plan(problem_ids, problem, start, stop, wanted=len(problem_ids) * k, beyond=beyond[0][0])


# One row per cell of 64 indices in which a sample is missing. Bit i of its mask stands for index 64 * cell + i.
_CELLS = f"""
WITH wanted AS (
    SELECT problem, problem_id, cell::INTEGER AS cell,
           CASE WHEN $k - cell * {CELL} >= {CELL} THEN ~0::UBIGINT
                ELSE (1::UBIGINT << ($k - cell * {CELL})::UBIGINT) - 1 END AS mask
    FROM problems, range(($k + {CELL} - 1) // {CELL}) AS cells(cell)
), committed AS (
    SELECT problem_id, sample_index // {CELL} AS cell, bit_or(1::UBIGINT << (sample_index % {CELL})::UBIGINT) AS mask
    FROM samples
    GROUP BY ALL
)
SELECT problem, cell, wanted.mask & ~coalesce(committed.mask, 0::UBIGINT) AS mask
FROM wanted LEFT JOIN committed USING (problem_id, cell)
WHERE wanted.mask & ~coalesce(committed.mask, 0::UBIGINT) <> 0
ORDER BY cell, problem
"""  # noqa: S608 - own names


def _units(cells: pa.RecordBatch, unit: int) -> tuple[Ints, Ints, Ints]:
    """Cut each cell's missing bits into ranges that cross no multiple of `unit`. Returns problem, start and stop."""
    problem, cell, mask = (cells.column(name).to_numpy() for name in ("problem", "cell", "mask"))
    bits = np.unpackbits(mask.astype("<u8").view(np.uint8).reshape(-1, 8), axis=1, bitorder="little").astype(bool)
    index = cell[:, None].astype(np.int32) * CELL + np.arange(CELL, dtype=np.int32)
    previous = np.pad(bits[:, :-1], ((0, 0), (1, 0)))
    following = np.pad(bits[:, 1:], ((0, 0), (0, 1)))
    starts = bits & (~previous | (index % unit == 0))
    stops = bits & (~following | ((index + 1) % unit == 0))
    row, _ = np.nonzero(starts)
    return problem[row].astype(np.int32), index[starts], index[stops] + 1
