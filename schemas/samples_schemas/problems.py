"""Table `problems`: prompts with what is needed to check an answer."""

import pyarrow as pa

from samples_schemas.table import DATASET, PROBLEM_ID, Column, Table

PROBLEMS = Table(
    name="problems",
    meaning="every version of every problem that a run was drawn for",
    columns=(
        DATASET,
        PROBLEM_ID,
        Column("problem_hash", pa.string(), "hash of the problem's content: an edited problem is a new row"),
        Column("question", pa.string(), "the question, as its source gives it; imports may lack it", nullable=True),
        Column("answer", pa.string(), "gold answer, as text", nullable=True),
        Column("tests", pa.string(), "unit tests of a code problem, as JSON", nullable=True),
        Column("metadata", pa.string(), "every other field of the source's row, as a JSON object"),
    ),
    key=("dataset", "problem_id", "problem_hash"),
    partition_by=("dataset",),
    sort_by=("problem_id",),
)
