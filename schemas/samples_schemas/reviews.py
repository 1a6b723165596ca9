"""Table `reviews`: what a person said of a chain of thought."""

import pyarrow as pa

from samples_schemas.table import PROBLEM_ID, RUN_ID, SAMPLE_INDEX, Column, Table

REVIEWS = Table(
    name="reviews",
    meaning="one person's label on one sample's chain of thought",
    columns=(
        RUN_ID,
        PROBLEM_ID,
        SAMPLE_INDEX,
        Column("reviewer", pa.string(), "who said it"),
        Column("label", pa.string(), "valid, invalid or unclear"),
        Column("note", pa.string(), "why", nullable=True),
        Column("created_at", pa.timestamp("us", tz="UTC"), "when"),
    ),
    key=("run_id", "problem_id", "sample_index", "reviewer"),
    sort_by=("run_id", "problem_id", "sample_index"),
)
