"""Rescore: judge stored completions and append the verdicts. No sample changes, and no model is loaded.

A pass judges the samples without a current verdict of the verifier's version. The passes of a verifier are numbered. A
pass goes on under its number, also after a kill and for samples drawn later, until another version is used. The verdict
of the highest pass is the current one. Verdicts are committed every few seconds. Each sample gets one verdict per pass,
whoever else is rescoring at the same time.
"""

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samples.errors import LakeError, SamplesError, UsageError
from samples.lake.tables import Tables
from samples.pipeline import progress
from samples.query import lost
from samples.query.unreadable import readable, told
from samples.rescore.judging import Task, here, on_pipeline
from samples.rescore.ledger import Ledger
from samples.rescore.pending import CHUNK, Pending
from samples.runs.record import problems
from samples.runs.run import Run, every, find
from samples.verifiers import Verifier, verifier
from samples.verifiers.accepted import require_gold
from samples_schemas import COMPLETIONS, SAMPLES, VERDICTS

_READ = (SAMPLES.name, COMPLETIONS.name, VERDICTS.name)
_RAY_CHUNK = 2_000  # samples in a chunk on Ray; their verdicts come back together


@dataclass(frozen=True)
class Status:
    """The progress of a pass: samples judged, samples pending at its start, and samples judged per second.

    `seconds_left` is None while no estimate means something. `waits_for` says what no node has while nobody judges.
    """

    done: int
    pending: int
    per_second: float
    seconds_left: float | None = None
    waits_for: str = ""

    def __str__(self) -> str:
        if self.waits_for:
            return f"waiting for a replica: {self.waits_for}"
        if not self.done:
            return "starting workers"
        return progress.line(
            f"{self.done:,}/{self.pending:,} verified",
            progress.time_left(self.seconds_left),
            f"{self.per_second:,.0f}/s",
        )


@dataclass(frozen=True)
class Summary:
    """What one rescoring did. `compared` counts comparisons; other verdicts were known, or had no answer."""

    verifier: str
    version: str
    pass_id: int
    runs: tuple[str, ...]
    left_out: tuple[str, ...]  # a line for each run that cannot be read, or that this verifier cannot judge
    statuses: Mapping[str, int]
    compared: int
    absent: int  # pending samples without a stored completion
    missing: int  # pending samples that were not judged because the pass was stopped
    seconds: float

    @property
    def verified(self) -> int:
        """The number of verdicts that were committed."""
        return sum(self.statuses.values())


def rescore(
    lake: Tables,
    spec: str,
    runs: Sequence[str] = (),
    *,
    workers: int | None = None,
    again: bool = False,
    on_ray: bool | None = None,
    skip_unreadable: bool = False,
    sandbox: bool = False,
    packages: str | None = None,
    watch: Callable[[Status], None] = lambda _: None,
    stop: threading.Event | None = None,
) -> Summary:
    """Judge the samples without a current verdict of this verifier's version, by default in all runs.

    `spec` is a verifier's name or FILE.py:FUNCTION. `workers` is the number of processes, by default one per core. They
    run on this machine or `on_ray`, which is the default if RAY_ADDRESS is set. `again` also judges samples whose
    verdict is a timeout or an error. `skip_unreadable` leaves out the runs of which a file cannot be read. `sandbox`
    runs a FILE.py:FUNCTION in a sandbox. `packages` is a folder that the programs of `code` may import from. Setting
    `stop` ends the pass early; the verdicts so far are committed.

    Raises:
        UsageError: There is no such verifier, or it cannot judge a problem of a named run, or of every run.
        NotFound: There is no such run.
        LakeError: The lake cannot be read or written, or the log of a table lost entries of these runs. What was
            committed stays.
        SamplesError: Workers cannot start. What was judged is committed.
    """
    stop = stop or threading.Event()
    folder = None if packages is None else str(Path(packages).absolute())  # workers may start in another folder
    how: dict[str, Any] = {"sandbox": sandbox, "packages": folder}
    judge = verifier(spec, **how)
    lake.place.require_writable()
    on_ray = bool(os.environ.get("RAY_ADDRESS")) if on_ray is None else on_ray
    lake, notes = readable(lake, _READ) if skip_unreadable else (lake, ())
    with told(notes):
        chosen, left_out = _runs_to_judge(lake, [find(lake, run) for run in runs], judge)
    seen = lake.pin(_READ)
    lost.require(seen, chosen if runs else every(seen), every=not runs)
    ledger = Ledger.begin(lake, judge, again=again)
    estimate = progress.Estimate()
    began = time.monotonic()
    with Pending(lake, chosen, judge.name, judge.version, again=again) as pending:
        wanted = len(pending)
        if wanted:
            chunks = pending.chunks(_RAY_CHUNK if on_ray else CHUNK)
            cores = workers or len(os.sched_getaffinity(0))
            try:
                task = Task(lake, spec, how, judge)
                judged = on_pipeline(task, chunks, cores, stop) if on_ray else here(task, chunks, cores)
                with closing(judged) as parts:
                    for part in parts:
                        for rows in part.rows:
                            ledger.take(rows)
                        done = ledger.taken
                        rate = done / max(time.monotonic() - began, 1e-9)
                        left = estimate.left(done, wanted, (wanted - done) / rate if rate else None)
                        watch(Status(done, wanted, rate, left, part.waits_for))
                        if stop.is_set():
                            break
            except SamplesError:
                with suppress(LakeError):
                    ledger.commit()  # what was judged so far
                raise
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
        left_out=(*notes, *left_out),
        statuses=dict(ledger.counts),
        compared=ledger.compared,
        absent=absent,
        missing=missing - absent,
        seconds=time.monotonic() - began,
    )


def _runs_to_judge(lake: Tables, named: list[Run], judge: Verifier) -> tuple[list[Run], tuple[str, ...]]:
    """Return the runs that this verifier can judge, and a line for each run left out.

    Raises:
        UsageError: It cannot judge a run that is `named`, or any run.
    """
    chosen: list[Run] = []
    left_out: list[str] = []
    for run in named or every(lake):
        try:
            _require_judgeable(lake, run, judge)
        except UsageError as error:
            if named:
                raise
            left_out.append(f"run {run.name} left out: {error}")
        else:
            chosen.append(run)
    if left_out and not chosen:
        raise UsageError(f"{judge.name} can judge no run of this lake; {'; '.join(left_out)}")
    return chosen, tuple(left_out)


def _require_judgeable(lake: Tables, run: Run, judge: Verifier) -> None:
    """Raise unless the verifier can judge every problem of a run."""
    there = 0
    for problem in problems(lake, run):
        require_gold(judge, problem)
        there += 1
    if there < len(run.problem_hashes):
        raise UsageError(
            f"table problems has {there} of the {len(run.problem_hashes)} problems of run {run.name}: its log has lost "
            "entries; the ingest or import that began the run adds them again"
        )
