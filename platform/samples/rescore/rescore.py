"""Rescore: judge stored completions and append the verdicts. Samples are never touched, models never started.

A pass judges what has no current verdict of the verifier's version. Passes of one verifier are numbered: a pass goes
on under its number, also after a kill or for samples drawn later, until another version is used; the verdict of the
highest pass is the current one. Verdicts are committed every few seconds, each sample's once per pass, whoever else
is rescoring at the same time.
"""

import os
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from samples.errors import UsageError
from samples.judge import Judge, Judged
from samples.lake import Lake
from samples.ledger import ROWS, Ledger
from samples.pending import CHUNK, Chunk, Pending, Reader
from samples.record import problems
from samples.run import Run, every, find
from samples.storage import explained
from samples.verifiers import Verifier, verifier
from samples_schemas import VERDICTS

_FLUSH_ROWS, _FLUSH_SECONDS = 1_000, 1.0
_TASK = 2_000  # samples of a chunk on Ray, whose verdicts come back together

Judging = Callable[[Iterator[Chunk]], Iterator[pa.Table]]  # chunks to verdict rows (`ROWS`), as they come


@dataclass(frozen=True)
class Status:
    """How far a pass is: samples judged of those pending, and per second so far."""

    done: int
    pending: int
    per_second: float


@dataclass(frozen=True)
class Summary:
    """What one rescoring did. `compared` counts comparisons; every other verdict's answer was known or missing."""

    verifier: str
    version: str
    pass_id: int
    runs: tuple[str, ...]
    left_out: tuple[str, ...]  # a line for each run that this verifier cannot judge
    statuses: Mapping[str, int]
    compared: int
    absent: int  # pending samples without a stored completion
    missing: int  # pending samples that were not judged: the pass was stopped
    seconds: float

    @property
    def verified(self) -> int:
        """Verdicts given."""
        return sum(self.statuses.values())


def rescore(
    lake: Lake,
    spec: str,
    runs: Sequence[str] = (),
    *,
    workers: int | None = None,
    again: bool = False,
    on_ray: bool | None = None,
    watch: Callable[[Status], None] = lambda _: None,
    stop: threading.Event | None = None,
) -> Summary:
    """Judge what has no current verdict of this verifier's version, in the runs named or in all.

    `spec` is a verifier's name or FILE.py:FUNCTION. `workers` processes judge, by default one per core: on this
    machine, or `on_ray`, which is the default where RAY_ADDRESS names a cluster. `again` judges samples too whose
    verdict is a timeout or an error. Setting `stop` ends the pass early; what was judged is committed.

    Raises:
        UsageError: There is no such verifier, or a named run has a problem that it cannot judge.
        NotFound: There is no such run.
        LakeError: The lake cannot be read or written; what was committed stays.
    """
    stop = stop or threading.Event()
    judge = verifier(spec)
    on_ray = bool(os.environ.get("RAY_ADDRESS")) if on_ray is None else on_ray
    chosen, left_out = _usable(lake, [find(lake, run) for run in runs], judge)
    number = _pass_id(lake, judge, again=again)
    ledger = Ledger(lake, judge, number)
    began = time.monotonic()
    with Pending(lake, chosen, judge.name, judge.version, again=again) as pending:
        wanted = len(pending)
        if wanted:
            with _judging(lake, spec, workers or len(os.sched_getaffinity(0)), on_ray=on_ray) as judging:
                for rows in judging(pending.chunks(_TASK if on_ray else CHUNK)):
                    ledger.take(rows)
                    done = ledger.counts.total()
                    watch(Status(done, wanted, done / max(time.monotonic() - began, 1e-9)))
                    if stop.is_set():
                        break
        ledger.commit()
    missing = 0
    if wanted:  # the lake, read back, says what is there
        with Pending(lake, chosen, judge.name, judge.version, again=False) as left:
            missing = len(left)
    absent = 0 if stop.is_set() else missing
    return Summary(
        verifier=judge.name,
        version=judge.version,
        pass_id=ledger.pass_id,
        runs=tuple(run.name for run in chosen),
        left_out=left_out,
        statuses=dict(ledger.counts),
        compared=ledger.compared,
        absent=absent,
        missing=missing - absent,
        seconds=time.monotonic() - began,
    )


def _usable(lake: Lake, named: list[Run], judge: Verifier) -> tuple[list[Run], tuple[str, ...]]:
    """Choose the runs whose every problem this verifier can judge; of a named run, every problem must be one."""
    chosen: list[Run] = []
    left_out: list[str] = []
    for run in named or every(lake):
        try:
            for problem in problems(lake, run):
                judge.gold(problem)
        except UsageError as error:
            if named:
                raise
            left_out.append(f"run {run.name} left out: {error}")
        else:
            chosen.append(run)
    return chosen, tuple(left_out)


def _pass_id(lake: Lake, judge: Verifier, *, again: bool) -> int:
    """Return the last pass's number where it goes on, else the next."""
    with explained(lake.uri), duckdb.connect() as connection:
        connection.register("verdicts", lake.dataset(VERDICTS.name, verifier=judge.name))
        last, version = connection.sql(
            "SELECT max(pass_id), max_by(verifier_version, pass_id) FROM verdicts"
        ).fetchall()[0]
    return last if version == judge.version and not again else (last or 0) + 1


@contextmanager
def _judging(lake: Lake, spec: str, workers: int, *, on_ray: bool) -> Generator[Judging]:
    if on_ray:
        from samples.rescore_ray import judging

        with judging(lake.uri, spec, workers) as distributed:
            yield distributed
        return
    with Judge(spec, workers) as judge:
        reader = Reader(lake, judge.verifier.name, judge.verifier.version)
        yield lambda chunks: (rows for chunk in chunks for rows in judged(reader, judge, chunk))


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
