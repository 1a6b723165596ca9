"""Table `reviews`: labels that people gave to chains of thought."""

import pyarrow as pa

from samples_schemas.table import PROBLEM_ID, RUN_ID, SAMPLE_INDEX, Column, Table

REVIEWS = Table(
    name="reviews",
    meaning="one person's label for the chain of thought of one sample",
    columns=(
        RUN_ID,
        PROBLEM_ID,
        SAMPLE_INDEX,
        Column("reviewer", pa.string(), "who gave the label"),
        Column("label", pa.string(), "valid, invalid or unclear"),
        Column("note", pa.string(), "the reason", nullable=True),
        Column("created_at", pa.timestamp("us", tz="UTC"), "when the label was given"),
    ),
    key=("run_id", "problem_id", "sample_index", "reviewer"),
    sort_by=("run_id", "problem_id", "sample_index"),
)
