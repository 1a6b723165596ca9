"""Table `top_logprobs`: the most likely tokens at each position of a sample, where they were asked for."""

import pyarrow as pa

from samples_schemas.table import ATTEMPT, LOGPROBS, PROBLEM_ID, RUN_ID, SAMPLE_INDEX, TOKEN_IDS, Column, Table

TOP_LOGPROBS = Table(
    name="top_logprobs",
    meaning="the N most likely tokens at each position of each sample drawn or scored with --top-logprobs N; join to "
    "samples, or to scores, on the key and attempt",
    columns=(
        Column("scorer_id", pa.string(), "id of the scorer, or of the run for what it stored when it was drawn"),
        RUN_ID,
        PROBLEM_ID,
        SAMPLE_INDEX,
        ATTEMPT,
        Column("n", pa.int32(), "tokens listed at each position"),
        Column("positions", pa.int32(), "positions listed, from the completion's first token on"),
        Column(
            "top_entropy",
            pa.float64(),
            "what the listed tokens add to the entropy of the next token: the sum of -p log p over them and over all "
            "positions, in nats",
        ),
        Column("mass_left", pa.float64(), "probability of the tokens that are not listed, summed over positions"),
        Column(
            "entropy_least",
            pa.float64(),
            "lower bound of the entropy of the next token, summed over positions, in nats: no token that is not listed "
            "is likelier than the least listed one",
        ),
        Column(
            "entropy_most",
            pa.float64(),
            "upper bound of it: all tokens of the vocabulary that are not listed are equally likely",
        ),
        Column("top_ids", TOKEN_IDS, "ids of the listed tokens, position by position, n each, the likeliest first"),
        Column("top_logprobs", LOGPROBS, "their natural log-probs, in the same order; -inf for what cannot be drawn"),
    ),
    key=("run_id", "problem_id", "sample_index", "scorer_id", "attempt"),
    partition_by=("scorer_id", "run_id"),
    sort_by=("problem_id", "sample_index"),
)
