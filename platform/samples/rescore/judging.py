"""Judge the chunks of a pass: on this machine, or on the pipeline's replicas."""

import threading
from collections.abc import Generator, Iterable
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from samples.lake import mark
from samples.lake.tables import Tables
from samples.pipeline.cluster import cluster
from samples.pipeline.receipts import looks
from samples.pipeline.stream import Stream
from samples.rescore.chunk import judge_chunk
from samples.rescore.job import JudgingJob
from samples.rescore.judge import Judge
from samples.rescore.pending import Chunk, ChunkReader
from samples.verifiers import Verifier


@dataclass(frozen=True)
class Task:
    """What judges, and where. `spec` and `how` are the arguments of `samples.verifiers.verifier`."""

    lake: Tables
    spec: str
    how: dict[str, Any]
    judge: Verifier


@dataclass(frozen=True)
class Part:
    """Verdicts (tables of `ledger.ROWS`), none if none came for a moment; and what no node has while nobody judges."""

    rows: list[pa.Table] = field(default_factory=list[pa.Table])
    waits_for: str = ""


def here(task: Task, chunks: Iterable[Chunk], workers: int) -> Generator[Part]:
    """Judge on this machine, in so many processes."""
    with Judge(task.spec, workers, **task.how) as local:
        reader = ChunkReader(task.lake, task.judge.name, task.judge.version)
        for chunk in chunks:
            for rows in judge_chunk(reader, local, chunk):
                yield Part([rows])


def on_pipeline(task: Task, chunks: Iterable[Chunk], replicas: int, stop: threading.Event) -> Generator[Part]:
    """Judge on Ray, in up to so many replicas. After `stop` is set, they finish what they have begun."""
    lake = task.lake
    with cluster():
        known = mark.lake_id(lake.place)
        job = JudgingJob(lake.uri, task.spec, task.judge.version, list(chunks), lake.hidden, task.how, lake_id=known)
        stream = Stream(job, smallest=1, largest=min(replicas, len(job)))
        with closing(looks(stream, stop)) as seen:
            for look in seen:
                rows = [table for receipt in look.receipts for table in receipt]
                yield Part(rows, "" if look.status.ready else look.status.reason or stream.waits_for)
