"""Table `problems`: questions, with the gold answer or tests that check an answer."""

import pyarrow as pa

from samples_schemas.table import DATASET, PROBLEM_ID, TEXTS, Column, Table

PROBLEMS = Table(
    name="problems",
    meaning="every version of every problem that a run uses",
    columns=(
        DATASET,
        PROBLEM_ID,
        Column("problem_hash", pa.string(), "hash of the problem's content; an edited problem is a new row"),
        Column(
            "question",
            pa.string(),
            "the question, as the source gives it; null for some imports",
            nullable=True,
        ),
        Column("answer", pa.string(), "the gold answer, as text; the first one if several are accepted", nullable=True),
        Column(
            "answers",
            TEXTS,
            "all accepted answers if there are several: any of them is correct; null otherwise",
            nullable=True,
            later=True,
        ),
        Column("tests", pa.string(), "the unit tests of a code problem, as JSON", nullable=True),
        Column("metadata", pa.string(), "all other fields of the source's row, as a JSON object"),
    ),
    key=("dataset", "problem_id", "problem_hash"),
    partition_by=("dataset",),
    sort_by=("problem_id",),
)
