"""Find what table samples lacks of units whose completions are there: whole units, or some rows of a unit.

A unit is committed whole. So if rows of it are there and others are not, another program deleted these.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import groupby

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds

from samples.lake.storage import explained
from samples.lake.tables import Tables
from samples.units.commit import uncommitted
from samples.units.segment import Receipt

# Attempts of which samples has fewer rows than completions.
_PARTED = """
SELECT done.attempt
FROM (SELECT attempt, count(DISTINCT sample_index) AS rows FROM completions GROUP BY attempt) done
JOIN (SELECT attempt, count(DISTINCT sample_index) AS rows FROM samples GROUP BY attempt) there USING (attempt)
WHERE there.rows < done.rows
"""
_REST = "SELECT unit, row FROM done ANTI JOIN there USING (problem_id, sample_index) ORDER BY unit, row"


def parted(lake: Tables, samples: ds.Dataset, completions: ds.Dataset) -> set[str]:
    """Return the attempts of which `samples` has some rows, and `completions` more.

    Raises:
        LakeError: A file cannot be read.
    """
    with explained(lake.uri), duckdb.connect() as connection:
        connection.register("samples", samples).register("completions", completions)
        return {attempt for (attempt,) in connection.sql(_PARTED).fetchall()}


def missing(lake: Tables, receipts: Sequence[Receipt], attempts: Collection[str], samples: ds.Dataset) -> list[Receipt]:
    """Return the receipts of units of which `samples` has no row, and what it lacks of those in `attempts`.

    `attempts` are those of which it has some rows. Of these units a receipt holds the facts that are to be added.

    Raises:
        LakeError: A file cannot be read.
    """
    begun = [receipt for receipt in receipts if receipt.facts["attempt"][0].as_py() in attempts]
    others = [receipt for receipt in receipts if receipt.facts["attempt"][0].as_py() not in attempts]
    whole = uncommitted(lake, others, samples) if others else []
    return whole + _rest(lake, begun, samples) if begun else whole


def _rest(lake: Tables, receipts: Sequence[Receipt], samples: ds.Dataset) -> list[Receipt]:
    """Return receipts with those of their facts that `samples` lacks, where it lacks any."""
    keys = [
        receipt.facts.select(["problem_id", "sample_index"])
        .append_column("unit", pa.array([unit] * receipt.facts.num_rows))
        .append_column("row", pa.array(range(receipt.facts.num_rows)))
        for unit, receipt in enumerate(receipts)
    ]
    with explained(lake.uri), duckdb.connect() as connection:
        connection.register("there", samples).register("done", pa.concat_tables(keys))
        lacking = connection.sql(_REST).fetchall()
    rows = {unit: [row for _, row in some] for unit, some in groupby(lacking, lambda found: found[0])}
    return [replace(receipts[unit], facts=receipts[unit].facts.take(some)) for unit, some in rows.items()]
