"""Table `ingests`: how many samples per problem ingests asked for. Append-only."""

import pyarrow as pa

from samples_schemas.table import RUN_ID, Column, Table

INGESTS = Table(
    name="ingests",
    meaning="what one ingest of a run asked for, where it differs from what the ingest before asked for",
    columns=(
        RUN_ID,
        Column("number", pa.int64(), "which row of this table; increases, never a clock"),
        Column("k", pa.int32(), "samples wanted of every problem of the run"),
        Column("created_at", pa.timestamp("us", tz="UTC"), "when"),
    ),
    key=("run_id", "number"),
)
