"""Merge small files of a lake into large ones. Every row stays as it is.

An ingest leaves a file per unit, and a commit every few seconds. Here the files of a partition are read as one sorted
stream, and written as files of about 256 MB if they hold tokens, and 64 MB if not. Memory does not grow with the lake.

What was written is read back, and its rows are compared with those of the files that it replaces. One commit then names
the new files in place of the old ones. These stay in the storage until vacuum: the lake can still be read as it was.

Others may write meanwhile, and no append is ever refused because of this. Of two compactions one commits, and the other
leaves what the first has merged. A lease tells the second before it begins.
"""

import threading
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import pyarrow as pa

from samples.errors import LakeError, StoreAway
from samples.lake import leases
from samples.lake.leases import Leases
from samples.lake.parquet import is_heavy
from samples.lake.tables import Tables
from samples.maintenance.compact_jobs import Job, goal, jobs
from samples.maintenance.compact_merge import Merging
from samples.query.rows import Rows
from samples.runs.run import every, find
from samples_schemas import TABLES, Table

_MANY = 100  # small files of a partition
_TOPIC = "compact"
_COLUMNS = pa.schema(
    [
        pa.field("table", pa.string()),
        pa.field("run", pa.string()),
        pa.field("of", pa.string()),
        pa.field("files", pa.int64()),
        pa.field("after", pa.int64()),
        pa.field("bytes", pa.int64()),
        pa.field("bytes_after", pa.int64()),
    ]
)


@dataclass(frozen=True)
class Status:
    """How far a compaction is: the table and the run, and how many of their bytes were read."""

    table: str
    run: str | None
    done: int
    size: int

    def __str__(self) -> str:
        of = f" of {self.run}" if self.run else ""
        return f"compacting {self.table}{of}: {self.done / 1e6:,.1f} of {self.size / 1e6:,.1f} MB"


Watch = Callable[[Status], None]
Stop = Callable[[], bool]


def compact(
    lake: Tables,
    runs: Sequence[str] = (),
    *,
    dry_run: bool = False,
    least: int = 2,
    watch: Watch = lambda _: None,
    stop: Stop = lambda: False,
) -> Rows:
    """Merge small files of all tables, or of some runs. With `dry_run`, only say what would be merged.

    Columns: table, run, of (dataset, verifier or scorer), files (that were merged), after (files in their place),
    bytes, bytes_after (null in a dry run). `least` is how many small files a partition must have. Once `stop` returns
    true, nothing more is committed; what was committed stays.

    Raises:
        NotFound: There is no such run.
        LakeError: The lake cannot be read or written, or another compaction is at work. What can be merged is merged
            first, and the message names what was left.
    """
    chosen = {find(lake, run).run_id for run in runs} if runs else None
    names = {run.run_id: run.name for run in every(lake)}
    tables = sorted(TABLES.values(), key=is_heavy)  # the narrow ones say which segments are committed
    work = _Work(lake, names, watch, stop, writes=not dry_run)
    if dry_run:
        for table in tables:
            with work.leaving(table.name):
                for job in jobs(lake, table, chosen, least, work.leaving):
                    work.done.append(_Merged(job, len(job.files), -(-job.size // goal(job.table)), job.size))
        notes = [f"would be left as it is: {error}" for error in work.left.values()]
        return _rows(work.done, names, notes)
    lake.place.require_writable()
    lake.require_whole()
    with leases.held(lake.place, _TOPIC, "samples compact", alone=False) as lease:
        _require_alone(lake, lease)
        for table in tables:
            work.compact(table, lambda table=table: jobs(lake, table, chosen, least, work.leaving))
    work.require_all()
    return _rows(work.done, names)


@dataclass
class _Merged:
    """What was merged of one job, or would be. `size_after` is None if it is not known."""

    job: Job
    files: int
    after: int
    size: int
    size_after: int | None = None


@dataclass
class _Work:
    lake: Tables
    names: Mapping[str, str]
    watch: Watch
    stop: Stop
    writes: bool
    done: list[_Merged] = field(default_factory=list[_Merged], init=False)
    left: dict[tuple[str, ...], LakeError] = field(default_factory=dict[tuple[str, ...], LakeError], init=False)

    def compact(self, table: Table, find_jobs: Callable[[], Iterable[Job]]) -> None:
        """Merge files of a table until there are none to merge. What is merged may itself be small."""
        some = False
        while not self.stop():
            found: list[Job] = []
            with self.leaving(table.name):
                found = [job for job in find_jobs() if self._key(job) not in self.left]
            committed = [self._merged(job) for job in found]
            if not any(committed):
                break
            some = True
        if some:
            self.lake.checkpoint(table.name)

    def require_all(self) -> None:
        """Check that nothing was left.

        Raises:
            LakeError: Something was; the message has the reason, and how much more there was.
        """
        if not self.left:
            return
        first, *others = self.left.values()
        more = f" and {len(others)} more, which `samples check` names," if others else ""
        raise LakeError(f"{first}; files beside this one{more} were left as they are, and all others were merged")

    @contextmanager
    def leaving(self, *key: str) -> Generator[None]:
        """Go on without what cannot be read; not if the store is away, or refuses to be written."""
        try:
            yield
        except StoreAway:
            raise
        except LakeError as error:
            if self.writes:
                self.lake.place.require_writable()
            self.left[key] = error

    def _key(self, job: Job) -> tuple[str, ...]:
        return job.table.name, *job.partition.values()

    def _merged(self, job: Job) -> bool:
        with self.leaving(*self._key(job)):
            return self._merge(job)
        return False

    def _merge(self, job: Job) -> bool:
        """Merge the files of a job; return whether that was committed."""
        run = job.partition.get("run_id")
        said = _Merged(job, 0, 0, 0, 0)

        def tell(read: int) -> None:
            self.watch(Status(job.table.name, self.names.get(run, run) if run else None, read, job.size))

        for inputs, files in Merging(self.lake, job, tell, self.stop).run():
            said.files += len(inputs)
            said.after += len(files)
            said.size += sum(file.size for file in inputs)
            said.size_after = (said.size_after or 0) + sum(file.size for file in files)
        if said.files:
            self.done.append(said)
        return said.files > 0


def _require_alone(lake: Tables, lease: Leases) -> None:
    if lease.others():
        raise LakeError(
            f"lake {lake.uri}: another compaction is at work on it: wait for its end, and run this again (one that was "
            "killed counts as ended after half a minute)"
        )


def _rows(done: Sequence[_Merged], names: Mapping[str, str], notes: Sequence[str] = ()) -> Rows:
    rows: list[tuple[str, str | None, str | None, int, int, int, int | None]] = []
    for one in done:
        partition = dict(one.job.partition)
        run = partition.pop("run_id", None)
        of = ", ".join(partition.values()) or None
        about = (one.job.table.name, names.get(run, run) if run else None, of)
        rows.append((*about, one.files, one.after, one.size, one.size_after))
    columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in _COLUMNS]
    arrays = [pa.array(c, kind.type) for c, kind in zip(columns, _COLUMNS, strict=True)]
    return Rows(pa.table(arrays, schema=_COLUMNS), tuple(notes))


def tidy(
    lake: Tables, writer: str, runs: Sequence[str], watch: Watch, stop: threading.Event, say: Callable[[str], None]
) -> None:
    """Merge what a job has left in its runs, if there are many small files now. `say` tells why that failed.

    `writer` is the id of the run or scorer: while another driver of it is at work, that one will do it. Less than 100
    small files of a partition are left: even an object store opens them in a second, and merging may write half a
    large file again.
    """
    if not runs or stop.is_set():
        return
    try:
        if not Leases(lake.place, writer).others():
            compact(lake, runs, least=_MANY, watch=watch, stop=stop.is_set)
    except LakeError as error:
        say(f"note: small files were not merged: {error}")
