"""Table `samples`: the narrow facts of each completion. A sample exists when a row here names it."""

import pyarrow as pa

from samples_schemas.table import ATTEMPT, DATASET, PROBLEM_ID, RUN_ID, SAMPLE_INDEX, Column, Table

SAMPLES = Table(
    name="samples",
    meaning="one row per sample drawn: its facts, without text and tokens",
    columns=(
        DATASET,
        RUN_ID,
        PROBLEM_ID,
        SAMPLE_INDEX,
        Column(
            "tokens",
            pa.int32(),
            "completion tokens, the end token included where there is one; unknown of some imported samples",
            nullable=True,
        ),
        Column(
            "cumulative_logprob",
            pa.float64(),
            "sum of the token log-probs (natural log), summed in double; 0 on an error; often unknown of imported ones",
            nullable=True,
        ),
        Column("finish_reason", pa.string(), "stop, or length (cut at max_tokens or max_model_len)", nullable=True),
        Column("stop_reason", pa.string(), "the stop string or stop token id that ended it, if one did", nullable=True),
        Column(
            "seed",
            pa.int64(),
            "the request's seed: a hash of run, problem and index; unknown of imported samples",
            nullable=True,
        ),
        ATTEMPT,
        Column(
            "error",
            pa.string(),
            "why there is no completion; such a sample is neither wrong nor missing",
            nullable=True,
        ),
    ),
    key=("run_id", "problem_id", "sample_index"),
    partition_by=("dataset", "run_id"),
    sort_by=("problem_id", "sample_index"),
)
