"""Table `prompts`: the prompts that the engine got."""

import pyarrow as pa

from samples_schemas.table import PROBLEM_ID, RUN_ID, TOKEN_IDS, Column, Table

PROMPTS = Table(
    name="prompts",
    meaning="the rendered prompt of each problem of a run, exactly as the engine got it",
    columns=(
        RUN_ID,
        PROBLEM_ID,
        Column("text", pa.string(), "the rendered prompt"),
        Column("token_ids", TOKEN_IDS, "the token ids of the prompt"),
    ),
    key=("run_id", "problem_id"),
    partition_by=("run_id",),
    sort_by=("problem_id",),
)
