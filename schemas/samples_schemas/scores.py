"""Tables `scores` and `score_logprobs`: log-probs of stored samples under another model."""

import pyarrow as pa

from samples_schemas.table import (
    ATTEMPT,
    LOGPROBS,
    PROBLEM_ID,
    RUN_ID,
    SAMPLE_INDEX,
    SCORER_ID,
    TOKEN_IDS,
    Column,
    Table,
)

SCORES = Table(
    name="scores",
    meaning="how likely a scorer finds one sample, without the prompt; one row per sample and scorer",
    columns=(
        SCORER_ID,
        RUN_ID,
        PROBLEM_ID,
        SAMPLE_INDEX,
        ATTEMPT,
        Column("tokens", pa.int32(), "completion tokens that were scored, with the end token if the sample has one"),
        Column("bytes", pa.int32(), "UTF-8 bytes of the sample's text"),
        Column(
            "cumulative_logprob",
            pa.float64(),
            "sum of the natural log-probs of these tokens, in double precision; 0 if the request failed",
        ),
        Column(
            "end_logprob",
            pa.float64(),
            "log-prob of the end token, which is in cumulative_logprob and not in bytes; null without one",
            nullable=True,
        ),
        Column("token_mode", pa.string(), "ids: the stored token ids; text: the text, encoded for the scorer"),
        Column("prompt", pa.string(), "run: the prompt of the run; own: the question, rendered for the scorer"),
        Column(
            "same_tokens",
            pa.bool_(),
            "whether the tokens scored are those that the run drew; null if the run has none",
            nullable=True,
        ),
        Column("error", pa.string(), "why the sample could not be scored; no statistic counts it", nullable=True),
    ),
    key=("run_id", "problem_id", "sample_index", "scorer_id"),
    partition_by=("scorer_id", "run_id"),
    sort_by=("problem_id", "sample_index"),
)

SCORE_LOGPROBS = Table(
    name="score_logprobs",
    meaning="the token log-probs of each score; join to scores on the key and attempt",
    columns=(
        SCORER_ID,
        RUN_ID,
        PROBLEM_ID,
        SAMPLE_INDEX,
        ATTEMPT,
        Column("token_logprobs", LOGPROBS, "natural log-prob of each completion token under the scorer"),
        Column("token_ids", TOKEN_IDS, "the tokens, where they are not those of completions", nullable=True),
    ),
    key=("run_id", "problem_id", "sample_index", "scorer_id", "attempt"),
    partition_by=("scorer_id", "run_id"),
    sort_by=("problem_id", "sample_index"),
)
