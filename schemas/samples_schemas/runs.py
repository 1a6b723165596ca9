"""Table `runs`: one row per way of sampling."""

import pyarrow as pa

from samples_schemas.table import DATASET, LABELS, RUN_ID, Column, Table

RUNS = Table(
    name="runs",
    meaning="one way of sampling one problem set: model, prompt template and sampling parameters",
    columns=(
        RUN_ID,
        Column("name", pa.string(), "what people call the run"),
        DATASET,
        Column("model", pa.string(), "model name or path, as the engine was given it; or unknown"),
        Column("engine", pa.string(), "which engine drew the first samples: vllm, transformers or toy; or imported"),
        Column("specification", pa.string(), "all that the run's id is the hash of, as canonical JSON"),
        Column("problem_hashes", pa.map_(pa.string(), pa.string()), "problem_id to problem_hash of the run's problems"),
        Column("labels", LABELS, "labels such as family, role, algorithm, step"),
        Column("versions", LABELS, "versions of Samples and of the engine's packages when the run began"),
        Column("created_at", pa.timestamp("us", tz="UTC"), "when the run began"),
    ),
    key=("run_id",),
)
