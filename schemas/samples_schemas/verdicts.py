"""Table `verdicts`: what verifiers said of samples. Append-only."""

import pyarrow as pa

from samples_schemas.table import PROBLEM_ID, RUN_ID, SAMPLE_INDEX, Column, Table

VERDICTS = Table(
    name="verdicts",
    meaning="what one version of one verifier said of one sample, in one pass; the highest pass is current",
    columns=(
        Column("verifier", pa.string(), "name of the verifier"),
        RUN_ID,
        PROBLEM_ID,
        SAMPLE_INDEX,
        Column("verifier_version", pa.string(), "its version, with the libraries that decide"),
        Column("pass_id", pa.int64(), "which rescoring of this verifier; increases, never a clock"),
        Column("status", pa.string(), "correct, wrong, no_answer, timeout or error"),
        Column("reward", pa.float64(), "graded reward in [0, 1], where the verifier has one", nullable=True),
        Column("answer", pa.string(), "the answer that was extracted", nullable=True),
        Column("detail", pa.string(), "a short reason", nullable=True),
        Column("seconds", pa.float32(), "time the verification took; unknown of imported verdicts", nullable=True),
    ),
    key=("run_id", "problem_id", "sample_index", "verifier", "verifier_version", "pass_id"),
    partition_by=("verifier", "run_id"),
    sort_by=("problem_id", "sample_index"),
)
