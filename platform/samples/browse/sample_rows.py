"""The samples of one problem of a run, with their current verdicts; and the beginnings and ends of their texts.

The facts come from narrow tables. A text is read only for a sample that is on the screen.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pyarrow.compute as pc
import pyarrow.dataset as ds

from samples.browse.reading import Reading
from samples.lake.datasets import equal
from samples.lake.storage import explained
from samples.query.samples_of import perplexity
from samples.query.show_rows import Row, rows, verdicts_once
from samples.runs.run import Run
from samples_schemas import COMPLETIONS, SAMPLES, VERDICTS

OTHER = "other"  # a status that no verifier of ours gives, which another program wrote
STATUSES = {
    "correct": "correct", "wrong": "wrong", "no_answer": "no answer", "timeout": "verifier took too long",
    "error": "verifier failed", "unjudged": "not judged", "failed": "no completion",
    OTHER: "another verdict",
}  # fmt: skip
ORDERS = {
    "likely": "likeliest first", "unlikely": "least likely first", "index": "by number", "short": "shortest first",
    "long": "longest first",
}  # fmt: skip
_compute: Any = pc  # its functions take expressions too, which its types do not say
_TAIL = 160  # characters of a preview
_LONGEST_ANSWER = 200
_FACTS = ["sample_index", "tokens", "cumulative_logprob", "finish_reason", "attempt", "error"]
_VERDICT = ["problem_id", "sample_index", "verifier", "pass_id", "status", "answer"]


@dataclass(frozen=True)
class SampleRow:
    """The facts of one sample, and one verifier's verdict on it: `status` is one of STATUSES."""

    index: int
    tokens: int | None
    logprob: float | None
    finish_reason: str | None
    error: str | None
    attempt: str
    status: str
    answer: str | None

    @property
    def perplexity(self) -> float | None:
        """Its perplexity; None if it is not known, or no finite number."""
        return perplexity(self.tokens, self.logprob)


def sample_rows(reading: Reading, run: Run, problem_id: str, verifier: str | None) -> list[SampleRow]:
    """Return the samples of a problem, by number."""

    def read() -> list[SampleRow]:
        here = {"run_id": run.run_id, "problem_id": problem_id}
        there, judge = {"dataset": run.dataset, **here}, {"verifier": verifier or "", **here}
        with ThreadPoolExecutor(2) as pool:  # a store answers many requests at once
            drawn = pool.submit(rows, reading.lake, SAMPLES, _FACTS, **there)
            judged = pool.submit(rows, reading.lake, VERDICTS, _VERDICT, **judge)
            verdicts = {one["sample_index"]: one for one in verdicts_once(judged.result()) if one["current"]}
            facts = sorted(drawn.result(), key=lambda row: (row["error"] is not None, row["attempt"]), reverse=True)
        once = {row["sample_index"]: row for row in facts}  # a row may be there twice
        return [_row(once[index], verdicts.get(index)) for index in sorted(once)]

    return reading.once(("samples", run.run_id, problem_id, verifier), read)


def ordered(given: Sequence[SampleRow], order: str) -> list[SampleRow]:
    """Return samples grouped by verdict, and within a group in one of ORDERS. What is not known comes last."""
    places = {status: place for place, status in enumerate(STATUSES)}
    keys = {
        "likely": lambda row: _last(row.perplexity, sign=1),
        "unlikely": lambda row: _last(row.perplexity, sign=-1),
        "short": lambda row: _last(row.tokens, sign=1),
        "long": lambda row: _last(row.tokens, sign=-1),
        "index": lambda _: (False, 0),
    }
    return sorted(given, key=lambda row: (places[row.status], keys[order](row), row.index))


def known(status: str) -> str:
    """Return a status as one of STATUSES."""
    return status if status in STATUSES else OTHER


def previews(reading: Reading, run: Run, problem_id: str, shown: Sequence[SampleRow]) -> dict[int, str]:
    """Return the end of the text of each of these samples: that is where an answer stands."""
    if not shown:
        return {}
    wanted = {row.index: row.attempt for row in shown}

    def read() -> dict[int, str]:
        here = {**run.partition, "problem_id": problem_id}
        asked = equal(here) & ds.field("sample_index").isin(list(wanted))
        with explained(reading.lake.place.table_uri(COMPLETIONS.name)):
            there = reading.lake.dataset_at(COMPLETIONS.name, **here)
            found = there.to_table(columns=_TAILS, filter=asked).to_pylist()
        return {
            row["sample_index"]: ("… " if row["length"] > _TAIL else "") + row["tail"].strip()
            for row in found
            if row["attempt"] == wanted[row["sample_index"]] and row["tail"] is not None
        }

    return reading.once(("previews", run.run_id, problem_id, tuple(sorted(wanted))), read)


_TAILS: Any = {
    "sample_index": ds.field("sample_index"),
    "attempt": ds.field("attempt"),
    "tail": _compute.utf8_slice_codeunits(ds.field("text"), -_TAIL),
    "length": _compute.utf8_length(ds.field("text")),
}


def _row(facts: Row, verdict: Row | None) -> SampleRow:
    failed = facts["error"] is not None
    return SampleRow(
        index=facts["sample_index"],
        tokens=facts["tokens"],
        logprob=None if failed else facts["cumulative_logprob"],
        finish_reason=facts["finish_reason"],
        error=facts["error"],
        attempt=facts["attempt"],
        status="failed" if failed else known(verdict["status"]) if verdict else "unjudged",
        answer=verdict["answer"][:_LONGEST_ANSWER] if verdict and verdict["answer"] is not None else None,
    )


def _last(value: float | None, sign: int) -> tuple[bool, float]:
    return (True, 0.0) if value is None or value != value else (False, sign * value)  # noqa: PLR0124 - NaN
