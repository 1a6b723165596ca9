"""Declare the views that queries read: every column with its type and meaning.

A view shows one snapshot of a lake, after a query's filters. Its SQL is the file of the same name in
queries/samples_queries/views. `samples sql --describe` prints these declarations.
"""

from dataclasses import dataclass

import pyarrow as pa

from samples_schemas.completions import COMPLETIONS
from samples_schemas.problems import PROBLEMS
from samples_schemas.prompts import PROMPTS
from samples_schemas.reviews import REVIEWS
from samples_schemas.runs import RUNS
from samples_schemas.samples import SAMPLES
from samples_schemas.scorers import SCORERS
from samples_schemas.scores import SCORE_LOGPROBS, SCORES
from samples_schemas.setups import SETUPS
from samples_schemas.table import DATASET, PROBLEM_ID, RUN_ID, SAMPLE_INDEX, SCORER_ID, Column, Table
from samples_schemas.top_logprobs import TOP_LOGPROBS
from samples_schemas.verdicts import VERDICTS


@dataclass(frozen=True)
class View:
    """One view: the meaning of a row, and the columns in order."""

    name: str
    meaning: str
    columns: tuple[Column, ...]

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema of the view's rows."""
        return pa.schema([pa.field(column.name, column.type) for column in self.columns])


def _of(table: Table, *names: str) -> tuple[Column, ...]:
    """Return the named columns of a table; without names, all columns that `_KEY` does not hold."""
    return tuple(c for c in table.columns if (c.name in names if names else c.name not in _KEY))


_RUN = Column("run", pa.string(), "name of the run; unique within a lake")
_SAMPLE = (_RUN, RUN_ID, DATASET, PROBLEM_ID, SAMPLE_INDEX)
_KEY = {column.name for column in _SAMPLE}
_SCORER = Column("scorer", pa.string(), "name of the scorer; unique within a lake")
_ABOUT = {column.name for column in SCORERS.columns} - {"scorer_id", "number", "name"}
_SCORE = {column.name for column in SCORES.columns} - {"scorer_id", "run_id", "problem_id", "sample_index", "attempt"}
_TOP = {column.name for column in TOP_LOGPROBS.columns} - {"scorer_id", "attempt", *_KEY}
_JUDGED = (*_SAMPLE, *_of(VERDICTS))

VIEWS: dict[str, View] = {
    view.name: view
    for view in (
        View("problems", "one version of one problem", PROBLEMS.columns),
        View("runs", "one run, with its current labels", (_RUN, RUN_ID, DATASET, *_of(RUNS)[1:])),
        View("prompts", "the prompt of one problem of a run", (_RUN, RUN_ID, PROBLEM_ID, *_of(PROMPTS))),
        View("setups", SETUPS.meaning, (_RUN, RUN_ID, *_of(SETUPS))),
        View("samples", "the facts of one sample; text and tokens are in completions", (*_SAMPLE, *_of(SAMPLES))),
        View(
            "completions",
            "text, token ids and token log-probs of one sample",
            (*_SAMPLE, *_of(COMPLETIONS, "text", "token_ids", "token_logprobs")),
        ),
        View("verdicts", "one verdict on one sample; earlier verdicts are kept", _JUDGED),
        View("current_verdicts", "the verdict of a verifier's highest pass on one sample", _JUDGED),
        View(
            "tallies",
            "counts of the verdicts of one verifier on one problem of a run",
            (
                _RUN,
                RUN_ID,
                DATASET,
                PROBLEM_ID,
                *_of(VERDICTS, "verifier"),
                Column("n", pa.int64(), "samples judged correct or wrong; no answer counts as wrong"),
                Column("c", pa.int64(), "samples judged correct"),
                Column("errors", pa.int64(), "samples that failed or whose verdict is an error; not part of n"),
                Column("timeouts", pa.int64(), "samples of which the verifier took too long; not part of n"),
            ),
        ),
        View("scorers", "one way of scoring, with its last parity check", (_SCORER, SCORER_ID, *_of(SCORERS, *_ABOUT))),
        View(
            "scores",
            "how likely a scorer finds one sample; its stored log-probs are in table score_logprobs",
            (_SCORER, SCORER_ID, *_SAMPLE, *_of(SCORES, *_SCORE)),
        ),
        View(
            "score_logprobs",
            "the log-prob of each token of one sample under one scorer",
            (
                _SCORER,
                SCORER_ID,
                *_SAMPLE,
                *_of(SCORES, "token_mode"),
                *_of(SCORE_LOGPROBS, "token_logprobs", "token_ids"),
            ),
        ),
        View(
            "likelihoods",
            "how likely one sample is, under the model that drew it or under a scorer; failed samples are left out",
            (
                Column("scorer", pa.string(), "name of the scorer; a run that scores its own samples has its own name"),
                Column("scorer_id", pa.string(), "id of the scorer, or of the run if it is its own scorer"),
                *_SAMPLE,
                *_of(SCORES, "tokens"),
                Column("bytes", pa.int32(), "UTF-8 bytes of the sample's text; null if unknown", nullable=True),
                *_of(SCORES, "cumulative_logprob", "end_logprob", "token_mode", "prompt"),
                Column("own", pa.bool_(), "whether these are the raw log-probs that the run stored when it drew them"),
            ),
        ),
        View(
            "top_logprobs",
            "the most likely tokens at each position of one sample, where --top-logprobs asked for them",
            (
                Column("scorer", pa.string(), "name of the scorer, or of the run for what it stored when it was drawn"),
                *_of(TOP_LOGPROBS, "scorer_id"),
                *_SAMPLE,
                Column("own", pa.bool_(), "whether the run stored them when it was drawn, in its log-prob mode"),
                *_of(TOP_LOGPROBS, *_TOP),
            ),
        ),
        View("reviews", "one reviewer's current label of one sample's chain of thought", (*_SAMPLE, *_of(REVIEWS))),
        View(
            "review_history",
            "one label that a reviewer gave one sample's chain of thought; earlier ones are kept",
            (*_SAMPLE, *_of(REVIEWS), Column("current", pa.bool_(), "whether the reviewer gave no later label")),
        ),
    )
}
