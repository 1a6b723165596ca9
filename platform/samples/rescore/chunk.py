"""Judge one chunk of samples: the same on this machine and in a replica on Ray."""

import time
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from samples.rescore.judge import Judge, Judged
from samples.rescore.ledger import ROWS
from samples.rescore.pending import Chunk, Reader
from samples.verifiers import Verifier

_FLUSH_ROWS, _FLUSH_SECONDS = 1_000, 1.0


def judged(reader: Reader, judge: Judge, chunk: Chunk) -> Iterator[pa.Table]:
    """Judge one chunk; yield its verdicts (`ROWS`, the pass left open) every second or thousand."""
    rows: list[dict[str, Any]] = []
    flushed = time.monotonic()
    for one in judge.judge(reader.texts(chunk), reader.problems(chunk), reader.known(chunk)):
        rows.append(_row(judge.verifier, one))
        if len(rows) >= _FLUSH_ROWS or time.monotonic() - flushed > _FLUSH_SECONDS:
            yield pa.Table.from_pylist(rows, schema=ROWS)
            rows, flushed = [], time.monotonic()
    if rows:
        yield pa.Table.from_pylist(rows, schema=ROWS)


def _row(judge: Verifier, one: Judged) -> dict[str, Any]:
    return {
        "verifier": judge.name,
        "run_id": one.text.run_id,
        "problem_id": one.text.problem_id,
        "sample_index": one.text.sample_index,
        "verifier_version": judge.version,
        "pass_id": 0,  # the ledger says which
        "status": one.verdict.status,
        "reward": one.verdict.reward,
        "answer": _storable(one.verdict.answer),
        "detail": _storable(one.verdict.detail),
        "seconds": one.seconds,
        "compared": one.compared,
    }


def _storable(text: str | None) -> str | None:
    return None if text is None else text.encode("utf-8", "replace").decode("utf-8")
