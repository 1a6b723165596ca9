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
        Column("model", pa.string(), "name or path of the model, as the engine got it; or unknown"),
        Column("engine", pa.string(), "engine that drew the first samples: vllm, transformers or toy; or imported"),
        Column("specification", pa.string(), "all settings that the run's id is a hash of, as canonical JSON"),
        Column(
            "problem_hashes",
            pa.map_(pa.string(), pa.string()),
            "problem_id to problem_hash, for each problem of the run; an imported run has a further row for problems "
            "that a longer file brought",
        ),
        Column("labels", LABELS, "labels such as family, role, algorithm, step"),
        Column("versions", LABELS, "versions of Samples and of the engine's packages when the run began"),
        Column("created_at", pa.timestamp("us", tz="UTC"), "when the run began"),
        Column(
            "tokenizer",
            pa.string(),
            "hash of the tokenizer's vocabulary and merges; null if it is not known",
            nullable=True,
            later=True,
        ),
    ),
    key=("run_id", "created_at"),
)
