"""Table `labels`: labels that runs were given after they were recorded. Append-only."""

import pyarrow as pa

from samples_schemas.table import RUN_ID, Column, Table

RUN_LABELS = Table(
    name="labels",
    meaning="one label given to a run after the fact, over those it was recorded with; the highest number counts",
    columns=(
        RUN_ID,
        Column("key", pa.string(), "which label, such as family, role, algorithm or step"),
        Column("value", pa.string(), "its value, as text; empty takes the label away"),
        Column("number", pa.int64(), "which labelling of this lake; increases, never a clock"),
        Column("created_at", pa.timestamp("us", tz="UTC"), "when"),
    ),
    key=("run_id", "key", "number"),
)
