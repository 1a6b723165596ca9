"""Table `verdicts`: verdicts of verifiers on samples. Append-only."""

import pyarrow as pa

from samples_schemas.table import PROBLEM_ID, RUN_ID, SAMPLE_INDEX, Column, Table

VERDICTS = Table(
    name="verdicts",
    meaning="the verdict of one version of one verifier on one sample, in one pass; the highest pass is current",
    columns=(
        Column("verifier", pa.string(), "name of the verifier"),
        RUN_ID,
        PROBLEM_ID,
        SAMPLE_INDEX,
        Column("verifier_version", pa.string(), "version of the verifier and of the libraries it uses"),
        Column("pass_id", pa.int64(), "number of the pass of this verifier; it increases, and is not a time"),
        Column(
            "status",
            pa.string(),
            "correct, wrong or no_answer; timeout or error if the verifier itself failed",
        ),
        Column("reward", pa.float64(), "reward in [0, 1], if the verifier gives one", nullable=True),
        Column("answer", pa.string(), "the extracted answer", nullable=True),
        Column("detail", pa.string(), "a short reason", nullable=True),
        Column("seconds", pa.float32(), "duration of the verification; null for imported verdicts", nullable=True),
    ),
    key=("run_id", "problem_id", "sample_index", "verifier", "pass_id"),
    partition_by=("verifier", "run_id"),
    sort_by=("problem_id", "sample_index"),
)
