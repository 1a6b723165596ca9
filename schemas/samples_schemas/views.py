"""Views: what questions are asked of. Every column with its type and meaning, declared once.

A view shows one pinned snapshot of a lake, after the filters of a question. Its SQL is the file of its name in
queries/samples_queries/views; the reference page of columns is printed from here (`samples sql --describe`).
"""

from dataclasses import dataclass

import pyarrow as pa

from samples_schemas.completions import COMPLETIONS
from samples_schemas.problems import PROBLEMS
from samples_schemas.prompts import PROMPTS
from samples_schemas.reviews import REVIEWS
from samples_schemas.runs import RUNS
from samples_schemas.samples import SAMPLES
from samples_schemas.scores import SCORES
from samples_schemas.table import DATASET, PROBLEM_ID, RUN_ID, SAMPLE_INDEX, Column, Table
from samples_schemas.verdicts import VERDICTS


@dataclass(frozen=True)
class View:
    """One view: what a row is, and its columns in order."""

    name: str
    meaning: str
    columns: tuple[Column, ...]

    @property
    def schema(self) -> pa.Schema:
        """Arrow schema of its rows."""
        return pa.schema([pa.field(column.name, column.type) for column in self.columns])


def _of(table: Table, *names: str) -> tuple[Column, ...]:
    """Take columns of a table as they are declared there; all but its key's when none is named."""
    return tuple(c for c in table.columns if (c.name in names if names else c.name not in _KEY))


_RUN = Column("run", pa.string(), "name of the run; no two runs of a lake have the same")
_SAMPLE = (_RUN, RUN_ID, DATASET, PROBLEM_ID, SAMPLE_INDEX)
_KEY = {column.name for column in _SAMPLE}
_JUDGED = (*_SAMPLE, *_of(VERDICTS))

VIEWS: dict[str, View] = {
    view.name: view
    for view in (
        View("problems", "one version of one problem", PROBLEMS.columns),
        View("runs", "one run, with its labels as they are now", (_RUN, RUN_ID, DATASET, *_of(RUNS)[1:])),
        View("prompts", "the prompt of one problem of a run", (_RUN, RUN_ID, PROBLEM_ID, *_of(PROMPTS))),
        View("samples", "the facts of one sample; text and tokens are in completions", (*_SAMPLE, *_of(SAMPLES))),
        View(
            "completions",
            "text, token ids and token log-probs of one sample",
            (*_SAMPLE, *_of(COMPLETIONS, "text", "token_ids", "token_logprobs")),
        ),
        View("verdicts", "one verdict on one sample; all that were ever given", _JUDGED),
        View("current_verdicts", "the verdict of a verifier's latest pass on one sample", _JUDGED),
        View(
            "tallies",
            "how the samples of one problem of a run fared under one verifier",
            (
                _RUN,
                RUN_ID,
                DATASET,
                PROBLEM_ID,
                *_of(VERDICTS, "verifier"),
                Column("n", pa.int64(), "samples judged right or wrong; no answer is wrong"),
                Column("c", pa.int64(), "of these, the right ones"),
                Column("errors", pa.int64(), "samples that failed, and verdicts that are errors; in no n"),
                Column("timeouts", pa.int64(), "samples whose verification took too long; in no n"),
            ),
        ),
        View(
            "scores",
            "log-prob of one sample under another model",
            (*_of(SCORES, "scorer"), _RUN, RUN_ID, PROBLEM_ID, SAMPLE_INDEX, *_of(SCORES)[1:]),
        ),
        View(
            "reviews",
            "one person's label on one sample's chain of thought",
            (_RUN, RUN_ID, PROBLEM_ID, SAMPLE_INDEX, *_of(REVIEWS)),
        ),
    )
}
