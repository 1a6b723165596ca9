"""Table `labels`: labels that were given to runs after they were recorded. Append-only."""

import pyarrow as pa

from samples_schemas.table import RUN_ID, Column, Table

RUN_LABELS = Table(
    name="labels",
    meaning="one label of a run, given after it was recorded; the highest number of a key is current",
    columns=(
        RUN_ID,
        Column("key", pa.string(), "name of the label, such as family, role, algorithm or step"),
        Column("value", pa.string(), "value of the label, as text; empty removes the label"),
        Column("number", pa.int64(), "number of the change in this lake; it increases, and is not a time"),
        Column("created_at", pa.timestamp("us", tz="UTC"), "when the label was given"),
    ),
    key=("run_id", "key", "number"),
)
