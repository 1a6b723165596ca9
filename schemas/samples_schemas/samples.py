"""Table `samples`: the small facts of each completion. A sample exists once this table has its row."""

import pyarrow as pa

from samples_schemas.table import ATTEMPT, DATASET, PROBLEM_ID, RUN_ID, SAMPLE_INDEX, Column, Table

SAMPLES = Table(
    name="samples",
    meaning="one row per drawn sample: its facts, without text and tokens",
    columns=(
        DATASET,
        RUN_ID,
        PROBLEM_ID,
        SAMPLE_INDEX,
        Column(
            "tokens",
            pa.int32(),
            "completion tokens, with the end token if there is one; null for some imported samples",
            nullable=True,
        ),
        Column(
            "cumulative_logprob",
            pa.float64(),
            "sum of the natural token log-probs, in double precision; 0 if the request failed; often null for imports",
            nullable=True,
        ),
        Column("finish_reason", pa.string(), "stop, or length (ended by max_tokens or max_model_len)", nullable=True),
        Column("stop_reason", pa.string(), "the stop string or stop token id that ended it, if any", nullable=True),
        Column(
            "seed",
            pa.int64(),
            "seed of the request: a hash of run, problem and index; null for imported samples",
            nullable=True,
        ),
        ATTEMPT,
        Column(
            "error",
            pa.string(),
            "why the request failed; such a sample is neither wrong nor missing",
            nullable=True,
        ),
    ),
    key=("run_id", "problem_id", "sample_index"),
    partition_by=("dataset", "run_id"),
    sort_by=("problem_id", "sample_index"),
)
