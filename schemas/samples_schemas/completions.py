"""Table `completions`: text, token ids and token log-probs of each sample."""

import pyarrow as pa

from samples_schemas.table import ATTEMPT, DATASET, LOGPROBS, PROBLEM_ID, RUN_ID, SAMPLE_INDEX, TOKEN_IDS, Column, Table

COMPLETIONS = Table(
    name="completions",
    meaning="text, token ids and token log-probs of each sample that has them; join to samples on the key and attempt",
    columns=(
        DATASET,
        RUN_ID,
        PROBLEM_ID,
        SAMPLE_INDEX,
        ATTEMPT,
        Column("text", pa.string(), "the decoded text; empty if the request failed"),
        Column(
            "token_ids",
            TOKEN_IDS,
            "the token ids, with the end token if there is one; null for most imported samples",
            nullable=True,
        ),
        Column(
            "token_logprobs",
            LOGPROBS,
            "natural log-prob of each token, in the run's log-prob mode; null for most imported samples",
            nullable=True,
        ),
    ),
    key=("run_id", "problem_id", "sample_index", "attempt"),
    partition_by=("dataset", "run_id"),
    sort_by=("problem_id", "sample_index"),
)
