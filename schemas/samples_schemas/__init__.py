"""Every table of a lake, declared once: columns, types, meaning."""

from samples_schemas.completions import COMPLETIONS
from samples_schemas.problems import PROBLEMS
from samples_schemas.prompts import PROMPTS
from samples_schemas.reviews import REVIEWS
from samples_schemas.runs import RUNS
from samples_schemas.samples import SAMPLES
from samples_schemas.scores import SCORE_LOGPROBS, SCORES
from samples_schemas.table import Column, Table
from samples_schemas.verdicts import VERDICTS

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        PROBLEMS, RUNS, PROMPTS, SAMPLES, COMPLETIONS, VERDICTS, SCORES, SCORE_LOGPROBS, REVIEWS,
    )
}  # fmt: skip

__all__ = [
    "COMPLETIONS", "PROBLEMS", "PROMPTS", "REVIEWS", "RUNS", "SAMPLES", "SCORES", "SCORE_LOGPROBS", "TABLES",
    "VERDICTS", "Column", "Table",
]  # fmt: skip
