"""Table `setups`: what drew the samples of a run, beside what the run itself states. Append-only."""

import pyarrow as pa

from samples_schemas.table import RUN_ID, Column, Table

SETUPS = Table(
    name="setups",
    meaning="one combination of hardware, settled settings and versions that drew samples of a run",
    columns=(
        RUN_ID,
        Column("drawn_by", pa.string(), "the whole combination as JSON, as in the footer of each segment"),
        Column("device", pa.string(), "name of the GPU, or cpu", nullable=True),
        Column("dtype", pa.string(), "what the model computed in, such as bfloat16", nullable=True),
        Column("model_runner", pa.string(), "which of vLLM's runners: V1 or V2", nullable=True),
        Column("created_at", pa.timestamp("us", tz="UTC"), "when its first samples were committed"),
    ),
    key=("run_id", "drawn_by"),
    partition_by=("run_id",),
    sort_by=("drawn_by",),
)
