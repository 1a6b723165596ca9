"""Tables `scores` and `score_logprobs`: log-probs of samples under another model."""

import pyarrow as pa

from samples_schemas.table import LOGPROBS, PROBLEM_ID, RUN_ID, SAMPLE_INDEX, Column, Table

_SCORER = Column("scorer", pa.string(), "id of the scoring model and its settings")

SCORES = Table(
    name="scores",
    meaning="log-prob of one sample under another model, without the prompt",
    columns=(
        _SCORER,
        RUN_ID,
        PROBLEM_ID,
        SAMPLE_INDEX,
        Column("tokens", pa.int32(), "number of scored completion tokens"),
        Column("cumulative_logprob", pa.float64(), "sum of the natural log-probs of these tokens, in double precision"),
    ),
    key=("run_id", "problem_id", "sample_index", "scorer"),
    partition_by=("scorer", "run_id"),
    sort_by=("problem_id", "sample_index"),
)

SCORE_LOGPROBS = Table(
    name="score_logprobs",
    meaning="the token log-probs of one score: one per token of the sample",
    columns=(
        _SCORER,
        RUN_ID,
        PROBLEM_ID,
        SAMPLE_INDEX,
        Column("token_logprobs", LOGPROBS, "natural log-prob of each completion token under the scorer"),
    ),
    key=("run_id", "problem_id", "sample_index", "scorer"),
    partition_by=("scorer", "run_id"),
    sort_by=("problem_id", "sample_index"),
)
