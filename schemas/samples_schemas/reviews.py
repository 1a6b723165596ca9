"""Table `reviews`: labels that people gave to chains of thought. Append-only."""

import pyarrow as pa

from samples_schemas.table import PROBLEM_ID, RUN_ID, SAMPLE_INDEX, Column, Table

REVIEW_LABELS = {
    "valid": "the chain of thought leads to the answer by correct steps",
    "flawed": "a step is wrong or missing, whatever the answer",
    "lucky": "the answer is right by a guess, or by errors that cancel",
    "unclear": "the reviewer cannot tell",
}

REVIEWS = Table(
    name="reviews",
    meaning="one label that a person gave the chain of thought of one sample; of a sample and reviewer the highest "
    "number is current",
    columns=(
        RUN_ID,
        PROBLEM_ID,
        SAMPLE_INDEX,
        Column("reviewer", pa.string(), "who gave the label"),
        Column("label", pa.string(), "; ".join(f"{label} ({meaning})" for label, meaning in REVIEW_LABELS.items())),
        Column("note", pa.string(), "the reason", nullable=True),
        Column("number", pa.int64(), "number of the label in this lake; it increases, and is not a time"),
        Column("created_at", pa.timestamp("us", tz="UTC"), "when the label was given"),
    ),
    key=("run_id", "problem_id", "sample_index", "reviewer", "number"),
    sort_by=("run_id", "problem_id", "sample_index"),
)
