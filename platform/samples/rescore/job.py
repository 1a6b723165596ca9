"""Rescore as a job of the pipeline. A replica holds a judge with one worker process; a unit is a chunk of samples.

Ray moves keys and verdicts. Each replica reads the completions from the lake.
"""

from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from samples.errors import SamplesError
from samples.lake import mark
from samples.lake.storage import locate
from samples.lake.tables import Tables
from samples.pipeline.job import Done
from samples.rescore.chunk import judge_chunk
from samples.rescore.judge import Judge
from samples.rescore.pending import Chunk, ChunkReader


@dataclass(frozen=True)
class JudgingJob:
    """All that a replica needs to know about a pass.

    `spec` and `how` are the arguments of `samples.verifiers.verifier`. `version` is the verifier's on the machine that
    began the pass. Runs in `hidden` are not read.
    """

    lake: str
    spec: str
    version: str
    chunks: list[Chunk]
    hidden: frozenset[str] = frozenset()
    how: dict[str, Any] = field(default_factory=dict[str, Any])
    lake_id: str | None = None  # of the lake that the driver sees

    def __len__(self) -> int:
        return len(self.chunks)

    def load(self) -> "ChunkJudge":
        """Start the judge.

        Raises:
            SamplesError: This machine sees another lake, or the verifier cannot be loaded or has another version here.
        """
        mark.require_same(locate(self.lake), self.lake_id)
        judge = Judge(self.spec, 1, **self.how)
        if judge.verifier.version != self.version:
            judge.__exit__()
            raise SamplesError(
                f"verifier {self.spec} has version {self.version} here and {judge.verifier.version} on a node of the "
                "cluster: install the same packages on every node"
            )
        lake = Tables(self.lake).without(self.hidden)
        return ChunkJudge(self.chunks, judge, ChunkReader(lake, judge.verifier.name, self.version))


@dataclass(frozen=True)
class ChunkJudge:
    """The worker of a replica: judges one chunk at a time."""

    chunks: list[Chunk]
    judge: Judge
    reader: ChunkReader

    @property
    def capacity(self) -> int:
        """One sample, so that the next chunk begins when this one is done."""
        return 1

    def size(self, unit: int) -> int:
        """Return how many samples a chunk has."""
        return self.chunks[unit].keys.num_rows

    def work(self, unit: int, done: Done) -> list[pa.Table]:
        """Judge one chunk and return its verdicts as tables of `ROWS`."""
        verdicts: list[pa.Table] = []
        for rows in judge_chunk(self.reader, self.judge, self.chunks[unit]):
            verdicts.append(rows)
            for status in rows["status"].to_pylist():
                done(0, status == "error")
        return verdicts
