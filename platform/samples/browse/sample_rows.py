"""The samples of one problem of a run, with their current verdicts; and the beginnings and ends of their texts.

The facts come from narrow tables. A text is read only for a sample that is on the screen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from samples.browse.reading import Reading
from samples.lake.storage import explained
from samples.runs.run import Run
from samples_schemas import COMPLETIONS, SAMPLES, VERDICTS

STATUSES = {
    "correct": "correct", "wrong": "wrong", "no_answer": "no answer", "timeout": "verifier took too long",
    "error": "verifier failed", "unjudged": "not judged", "failed": "no completion",
}  # fmt: skip
ORDERS = {
    "likely": "likeliest first", "unlikely": "least likely first", "index": "by number", "short": "shortest first",
    "long": "longest first",
}  # fmt: skip
_compute: Any = pc  # its functions take expressions too, which its types do not say
_TAIL = 280  # characters of a preview
_LONGEST_ANSWER = 200
_FACTS = [
    "sample_index", "tokens", "cumulative_logprob", "finish_reason", "stop_reason", "attempt", "error",
]  # fmt: skip
_UNSURE = ("timeout", "error")


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
    def per_token(self) -> float | None:
        """Mean log-prob of its tokens."""
        return None if self.logprob is None or not self.tokens else self.logprob / self.tokens


def sample_rows(reading: Reading, run: Run, problem_id: str, verifier: str | None) -> list[SampleRow]:
    """Return the samples of a problem, by number."""

    def read() -> list[SampleRow]:
        asked = ds.field("problem_id") == problem_id
        facts: dict[int, dict[str, Any]] = {}
        for row in _read(reading, SAMPLES.name, _FACTS, asked, **run.partition):
            before = facts.get(row["sample_index"])
            if before is None or _place(row) < _place(before):  # a row may be there twice
                facts[row["sample_index"]] = row
        verdicts: dict[int, tuple[Any, str, str | None]] = {}
        if verifier is not None:
            columns = {name: ds.field(name) for name in ("sample_index", "pass_id", "status")}
            columns["answer"] = _compute.utf8_slice_codeunits(ds.field("answer"), 0, _LONGEST_ANSWER)
            for row in _read(reading, VERDICTS.name, columns, asked, verifier=verifier, run_id=run.run_id):
                rank = (row["pass_id"], row["status"] not in _UNSURE, row["status"])
                if row["sample_index"] not in verdicts or rank > verdicts[row["sample_index"]][0]:
                    verdicts[row["sample_index"]] = (rank, row["status"], row["answer"])
        return [_row(facts[index], verdicts.get(index)) for index in sorted(facts)]

    return reading.once(("samples", run.run_id, problem_id, verifier), read)


def ordered(rows: Sequence[SampleRow], order: str) -> list[SampleRow]:
    """Return samples grouped by verdict, and within a group in one of ORDERS. What is not known comes last."""
    places = {status: place for place, status in enumerate(STATUSES)}
    keys = {
        "likely": lambda row: _last(row.per_token, sign=-1),
        "unlikely": lambda row: _last(row.per_token, sign=1),
        "short": lambda row: _last(row.tokens, sign=1),
        "long": lambda row: _last(row.tokens, sign=-1),
        "index": lambda _: (False, 0),
    }
    return sorted(rows, key=lambda row: (places[row.status], keys[order](row), row.index))


def previews(reading: Reading, run: Run, problem_id: str, rows: Sequence[SampleRow]) -> dict[int, str]:
    """Return the end of the text of each of these samples: that is where an answer stands."""
    if not rows:
        return {}
    wanted = {row.index: row.attempt for row in rows}

    def read() -> dict[int, str]:
        asked = (ds.field("problem_id") == problem_id) & ds.field("sample_index").isin(list(wanted))
        found: dict[int, str] = {}
        for row in _read(reading, COMPLETIONS.name, _TAILS, asked, **run.partition):
            if row["attempt"] == wanted[row["sample_index"]] and row["tail"] is not None:
                cut = row["length"] > _TAIL
                found[row["sample_index"]] = ("… " if cut else "") + row["tail"].strip()
        return found

    return reading.once(("previews", run.run_id, problem_id, tuple(sorted(wanted))), read)


_TAILS = {
    "sample_index": ds.field("sample_index"),
    "attempt": ds.field("attempt"),
    "tail": _compute.utf8_slice_codeunits(ds.field("text"), -_TAIL),
    "length": _compute.binary_length(ds.field("text")),
}


def _read(
    reading: Reading, table: str, columns: Any, asked: ds.Expression, **partition: str
) -> list[dict[str, Any]]:
    lake = reading.lake
    with explained(lake.place.table_uri(table)):
        rows: pa.Table = lake.dataset(table, **partition).to_table(columns=columns, filter=asked)
        return rows.to_pylist()


def _place(row: dict[str, Any]) -> tuple[bool, str]:
    return row["error"] is not None, row["attempt"]


def _row(facts: dict[str, Any], verdict: tuple[Any, str, str | None] | None) -> SampleRow:
    status = "failed" if facts["error"] is not None else "unjudged" if verdict is None else verdict[1]
    return SampleRow(
        index=facts["sample_index"],
        tokens=facts["tokens"],
        logprob=None if facts["error"] is not None else facts["cumulative_logprob"],
        finish_reason=facts["finish_reason"],
        error=facts["error"],
        attempt=facts["attempt"],
        status=status,
        answer=verdict[2] if verdict else None,
    )


def _last(value: float | None, sign: int) -> tuple[bool, float]:
    return (True, 0.0) if value is None or value != value else (False, sign * value)  # noqa: PLR0124 - NaN
