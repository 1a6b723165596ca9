"""Table `counts`: problems of imported runs of which only counts were published. Append-only."""

import pyarrow as pa

from samples_schemas.table import PROBLEM_ID, RUN_ID, Column, Table

COUNTS = Table(
    name="counts",
    meaning="how a problem of a run fared where only the counts are known, not the samples",
    columns=(
        Column("verifier", pa.string(), "name of the verifier; `imported` where the file's own verdicts were counted"),
        RUN_ID,
        PROBLEM_ID,
        Column("n", pa.int64(), "samples judged right or wrong"),
        Column("c", pa.int64(), "of these, the right ones"),
        Column("errors", pa.int64(), "samples that failed or could not be judged; in no n"),
        Column("timeouts", pa.int64(), "samples whose verification took too long; in no n"),
    ),
    key=("run_id", "problem_id", "verifier"),
    partition_by=("verifier", "run_id"),
    sort_by=("problem_id",),
)
