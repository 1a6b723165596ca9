"""Table `scorers`: one row per way of scoring, and one for each later parity check. Append-only."""

import pyarrow as pa

from samples_schemas.table import LABELS, SCORER_ID, Column, Table

SCORERS = Table(
    name="scorers",
    meaning="one way of scoring: a model, and what it is shown; a later row holds a later parity check",
    columns=(
        SCORER_ID,
        Column("number", pa.int64(), "number of the row in this lake; it increases, and is not a time"),
        Column("name", pa.string(), "what people call the scorer"),
        Column("model", pa.string(), "name or path of the model, as the engine got it"),
        Column("engine", pa.string(), "engine that scores: vllm, transformers or toy"),
        Column("specification", pa.string(), "all settings that the scorer's id is a hash of, as canonical JSON"),
        Column("labels", LABELS, "labels such as family, role, step"),
        Column("versions", LABELS, "versions of Samples and of the engine's packages at this row"),
        Column("scored_by", pa.string(), "what scores, as JSON: device, dtype, the engine's way of scoring, tokenizer"),
        Column("parity_run", pa.string(), "name of the run whose samples were scored again; null: none", nullable=True),
        Column("parity_samples", pa.int32(), "samples that the scorer's model drew itself, scored again"),
        Column("parity_tokens", pa.int64(), "tokens of these samples"),
        Column("parity_mean", pa.float64(), "mean |difference| of a token from its stored log-prob", nullable=True),
        Column("parity_worst", pa.float64(), "the largest |difference|", nullable=True),
        Column(
            "parity_kl",
            pa.float64(),
            "mismatch KL: the mean of r - log r - 1, with r = p_scored / p_stored of a token",
            nullable=True,
        ),
        Column("created_at", pa.timestamp("us", tz="UTC"), "when the row was written"),
    ),
    key=("scorer_id", "number"),
)
