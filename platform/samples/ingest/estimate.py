"""Estimate what an ingest will cost: tokens, bytes, files, requests to the store, and GPU hours.

Tokens and bytes per sample are those of an earlier run of the same model and problem set in the lake, if there is one:
first of this run itself, else of the newest other run. Without one, tokens are at most --max-tokens per sample.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from samples.lake.log import added_files
from samples.lake.pace import COMMIT_SECONDS
from samples.lake.storage import explained
from samples.lake.tables import Tables
from samples.lines import size_of
from samples.runs.request import Prepared
from samples.runs.run import Run, every

# Measured on text of a real tokenizer and log-probs of a real model (benchmarks/storage.py): ids .98, log-probs 3.3,
# text of prose 1.2.
BYTES_PER_TOKEN = 5.5
BYTES_PER_TOP = 4.9  # of each of the most likely tokens that are kept at a position; measured with 5, 10 and 20 of them
# Counted between the toy engine and an S3 server: a start and an end (19 of them record the run's setup), one write per
# unit, and what a commit reads and writes. Of 10, 40, 150 and 600 units this was within a sixth.
_REQUESTS, _REQUESTS_PER_COMMIT = 170, 14
_HOUR = 3600


@dataclass(frozen=True)
class Estimate:
    """What the samples still to draw will cost. `like` names the run that tokens and bytes are taken from, or is ""."""

    samples: int
    tokens: int
    size: int  # bytes of the segments, by far the most of the lake
    files: int  # segments and their companions; each commit adds a file of facts and an entry of each log
    requests: int  # without hours every unit is taken to be committed alone
    like: str
    gpus: float  # per replica
    hours: float | None  # of one replica; None without its tokens per second

    def __str__(self) -> str:
        if not self.samples:
            return "estimate: nothing to draw"
        each = self.tokens / self.samples
        source = f"{each:,.0f} a sample, as in run {self.like}" if self.like else f"{each:,.0f} a sample at most"
        if self.hours is None:
            time = "for the hours, give --tokens-per-second N, of one replica"
        else:
            time = f"{self.hours * self.gpus:,.1f} GPU hours, {self.hours:,.1f} hours of one replica"
        about = "at most" if self.hours is None else "about"
        return (
            f"estimate: {'' if self.like else 'at most '}{self.tokens:,} tokens ({source}), {size_of(self.size)}, "
            f"{self.files:,} files, {about} {self.requests:,} requests to the store; {time}"
        )


def estimate(
    lake: Tables | None, prepared: Prepared, missing: int, units: int, tokens_per_second: float | None = None
) -> Estimate:
    """Estimate the cost of `missing` samples in so many units. `lake` is None if there is none yet.

    `tokens_per_second` is that of one replica. An ingest ends with a line that says it of all its replicas together.

    Raises:
        LakeError: The lake cannot be read.
    """
    request = prepared.request
    most = request.sampling.max_tokens
    like, each, bytes_per_token = (lake and _earlier(lake, prepared.run, most)) or ("", float(most), BYTES_PER_TOKEN)
    bytes_per_token += BYTES_PER_TOP * request.top_logprobs
    tokens = round(missing * each)
    files = units * 2 if request.top_logprobs else units
    hours = None if tokens_per_second is None else tokens / tokens_per_second / _HOUR
    most_commits = units if hours is None else hours * _HOUR / request.pool.largest / COMMIT_SECONDS
    return Estimate(
        samples=missing,
        tokens=tokens,
        size=round(tokens * bytes_per_token),
        files=files,
        requests=round(_REQUESTS + files + _REQUESTS_PER_COMMIT * min(units, most_commits)),
        like=like,
        gpus=request.placement.gpus_per_replica or request.placement.parallel,
        hours=hours,
    )


def _earlier(lake: Tables, wanted: Run, most: int) -> tuple[str, float, float] | None:
    """Return name, tokens per sample and bytes per token of an earlier run of the same model and problem set.

    The run itself comes first, then the newest one that has tokens.
    """
    alike = [run for run in every(lake) if (run.model_name, run.dataset) == (wanted.model_name, wanted.dataset)]
    for run in sorted(alike, key=lambda run: (run.run_id == wanted.run_id, run.created_at), reverse=True):
        if (seen := _seen(lake, run, most)) is not None:
            return run.name, *seen
    return None


def _seen(lake: Tables, run: Run, most: int) -> tuple[float, float] | None:
    """Return tokens per sample, each cut at `most`, and bytes per token of a run; None if it has no tokens."""
    samples = lake.dataset("samples", **run.partition)
    with explained(lake.uri), duckdb.connect() as connection:
        connection.register("samples", samples)
        each, total = connection.sql(_TOKENS, params={"most": most}).fetchall()[0]
    size = _size(lake, run.partition)
    return (each, size / total if size else BYTES_PER_TOKEN) if total else None


_TOKENS = "SELECT avg(least(tokens, $most)), sum(tokens) FROM samples WHERE error IS NULL AND tokens IS NOT NULL"


def _size(lake: Tables, partition: Mapping[str, str]) -> int:
    """Return the bytes of a run's committed completions."""
    snapshot = lake.delta("completions")
    if snapshot is None:
        return 0
    files = added_files(snapshot).select(["size_bytes", *(f"partition.{name}" for name in partition)]).to_pylist()
    return sum(
        file["size_bytes"] for file in files if all(file[f"partition.{name}"] == partition[name] for name in partition)
    )
