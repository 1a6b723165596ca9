"""The row that every format is read into: one sample, or the counts of one problem."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from samples.exchange.imports.fields import Floats, Ints
from samples.files.errors import BadRow
from samples.files.values import as_text, check_text
from samples.lake.partitions import is_partition_name
from samples.verifiers import Verdict

VERIFIER = "imported"  # the verifier of verdicts of which the file does not say who gave them
_TEXTS = (
    *("problem_id", "completion", "question", "tests", "error", "finish_reason", "stop_reason", "model"),
    "problem_hash",
)


@dataclass(frozen=True)
class Counts:
    """The result of a problem whose samples are unknown: n were judged, c of them are correct."""

    n: int
    c: int
    errors: int
    timeouts: int


@dataclass(frozen=True)
class Judged:
    """A verdict with the verifier that gave it, its version (None: the file does not say), and the seconds it took."""

    verifier: str
    version: str | None
    verdict: Verdict
    seconds: float | None = None


@dataclass(frozen=True)
class Row:
    """One sample of a problem. None means unknown.

    `error` says why there is no completion; such a row has no verdict. `verdict` is one of a verifier that the file
    does not name, `judged` has those of named ones, and `verifier` stands for the one without a name. `same` is a
    setting and its value, equal in all rows of one run. `model` is the model that drew the sample. `problem_hash` says
    which problem it is of; `tests` and `metadata` belong to the problem and may stand in one of its rows only. A row
    `restarts` if each file numbers its samples from 0: those of a later file are numbered on.

    `gold` is the gold answer as the file has it, not extracted. A list holds alternatives, any of which is correct.
    """

    problem_id: str
    sample_index: int | None = None
    completion: str | None = None
    token_ids: Ints | None = None
    token_logprobs: Floats | None = None
    tokens: int | None = None
    cumulative_logprob: float | None = None
    finish_reason: str | None = None
    stop_reason: str | None = None
    seed: int | None = None
    error: str | None = None
    verdict: Verdict | None = None
    seconds: float | None = None
    judged: tuple[Judged, ...] = ()
    question: str | None = None
    gold: str | list[Any] | None = None
    problem_hash: str | None = None
    tests: str | None = None
    metadata: dict[str, Any] | None = None
    model: str | None = None
    same: tuple[str, str] | None = None
    counts: Counts | None = None
    verifier: str = VERIFIER
    restarts: bool = False

    @property
    def verdicts(self) -> tuple[Judged, ...]:
        """All verdicts of the row."""
        unnamed = () if self.verdict is None else (Judged(VERIFIER, None, self.verdict, self.seconds),)
        found = unnamed + self.judged
        return tuple(replace(one, verifier=self.verifier) if one.verifier == VERIFIER else one for one in found)


def check_row(row: Row) -> Row:
    """Check that a row does not contradict itself; return it with the facts that follow from its tokens.

    Raises:
        BadRow: The row contradicts itself, or holds text that cannot be stored.
    """
    for name in _TEXTS:
        check_text(getattr(row, name) or "", name)
    for gold in row.gold if isinstance(row.gold, list) else [row.gold]:
        check_text(as_text(gold), "gold")
    for one in row.verdicts:
        if not is_partition_name(one.verifier):
            raise BadRow(
                f'"{one.verifier}" cannot name a verifier: a letter is expected, then letters, digits and . _ -'
            )
        for name in ("answer", "detail"):
            check_text(getattr(one.verdict, name) or "", name)
    if row.error is not None and row.verdicts:
        raise BadRow("has both an error and a verdict; leave out one of them")
    if row.completion is None and (row.token_ids is not None or row.token_logprobs is not None):
        raise BadRow('has tokens but no "completion"; text is expected beside them')
    lengths = {
        name: length
        for name, length in (
            ("tokens", row.tokens),
            ("token_ids", None if row.token_ids is None else len(row.token_ids)),
            ("token_logprobs", None if row.token_logprobs is None else len(row.token_logprobs)),
        )
        if length is not None
    }
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{length} by {name}" for name, length in lengths.items())
        raise BadRow(f"its token counts disagree: {found}")
    if row.token_logprobs is not None and row.cumulative_logprob is None:
        row = replace(row, cumulative_logprob=float(np.sum(row.token_logprobs, dtype=np.float64)))
    return replace(row, tokens=next(iter(lengths.values()))) if lengths and row.tokens is None else row
