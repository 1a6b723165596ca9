"""Table `counts`: problems of imported runs whose source gives only counts, not samples. Append-only."""

import pyarrow as pa

from samples_schemas.table import PROBLEM_ID, RUN_ID, Column, Table

COUNTS = Table(
    name="counts",
    meaning="counts of the verdicts on one problem of a run, if the source gives only counts",
    columns=(
        Column("verifier", pa.string(), "name of the verifier; `imported` if the source counted its own verdicts"),
        RUN_ID,
        PROBLEM_ID,
        Column("n", pa.int64(), "samples judged correct or wrong"),
        Column("c", pa.int64(), "samples judged correct"),
        Column("errors", pa.int64(), "samples that failed or could not be judged; not part of n"),
        Column("timeouts", pa.int64(), "samples of which the verifier took too long; not part of n"),
    ),
    key=("run_id", "problem_id", "verifier"),
    partition_by=("verifier", "run_id"),
    sort_by=("problem_id",),
)
