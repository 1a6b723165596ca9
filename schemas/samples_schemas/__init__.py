"""Declare every table and view of a lake once: columns, types, meaning."""

from samples_schemas.completions import COMPLETIONS
from samples_schemas.counts import COUNTS
from samples_schemas.ingests import INGESTS
from samples_schemas.labels import RUN_LABELS
from samples_schemas.problems import PROBLEMS
from samples_schemas.prompts import PROMPTS
from samples_schemas.reviews import REVIEW_LABELS, REVIEWS
from samples_schemas.runs import RUNS
from samples_schemas.samples import SAMPLES
from samples_schemas.scorers import SCORERS
from samples_schemas.scores import SCORE_LOGPROBS, SCORES
from samples_schemas.setups import SETUPS
from samples_schemas.table import Column, Table
from samples_schemas.top_logprobs import TOP_LOGPROBS
from samples_schemas.verdicts import VERDICTS
from samples_schemas.views import VIEWS, View

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        PROBLEMS, RUNS, RUN_LABELS, INGESTS, PROMPTS, SETUPS, SAMPLES, COMPLETIONS, VERDICTS, COUNTS, SCORERS,
        SCORES, SCORE_LOGPROBS, TOP_LOGPROBS, REVIEWS,
    )
}  # fmt: skip

__all__ = [
    "COMPLETIONS", "COUNTS", "INGESTS", "PROBLEMS", "PROMPTS", "REVIEWS", "REVIEW_LABELS", "RUNS", "RUN_LABELS",
    "SAMPLES", "SCORERS", "SCORES", "SCORE_LOGPROBS", "SETUPS", "TABLES", "TOP_LOGPROBS", "VERDICTS", "VIEWS", "Column",
    "Table", "View",
]  # fmt: skip
