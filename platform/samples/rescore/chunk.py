"""Judge one chunk of samples. A pass on this machine and a replica on Ray run the same code."""

import time
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from samples.errors import SamplesError
from samples.lake.parquet import storable_text
from samples.lines import without_keys
from samples.rescore.judge import Judge, Judgement
from samples.rescore.ledger import ROWS
from samples.rescore.pending import Chunk, ChunkReader
from samples.verifiers import Verifier

_FLUSH_ROWS, _FLUSH_SECONDS = 1_000, 1.0


def judge_chunk(reader: ChunkReader, judge: Judge, chunk: Chunk) -> Iterator[pa.Table]:
    """Judge one chunk. Yield its verdicts as rows of `ROWS`, without a pass id, every second or thousand rows.

    If the judge or the lake fails, the verdicts so far are yielded before the error is raised.
    """
    rows: list[dict[str, Any]] = []
    flushed = time.monotonic()
    try:
        for one in judge.judge(reader.completions(chunk), reader.problems(chunk), reader.known_verdicts(chunk)):
            rows.append(_row(judge.verifier, one))
            if len(rows) >= _FLUSH_ROWS or time.monotonic() - flushed > _FLUSH_SECONDS:
                yield pa.Table.from_pylist(rows, schema=ROWS)
                rows, flushed = [], time.monotonic()
    except SamplesError:
        if rows:
            yield pa.Table.from_pylist(rows, schema=ROWS)
        raise
    if rows:
        yield pa.Table.from_pylist(rows, schema=ROWS)


def _row(judge: Verifier, one: Judgement) -> dict[str, Any]:
    return {
        "verifier": judge.name,
        "run_id": one.completion.run_id,
        "problem_id": one.completion.problem_id,
        "sample_index": one.completion.sample_index,
        "verifier_version": judge.version,
        "pass_id": 0,  # the ledger sets it
        "status": one.verdict.status,
        "reward": one.verdict.reward,
        "answer": storable_text(one.verdict.answer),
        "detail": storable_text(None if one.verdict.detail is None else without_keys(one.verdict.detail)),
        "seconds": one.seconds,
        "compared": one.compared,
    }
