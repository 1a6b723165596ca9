"""Delete files that no version of the lake within the last days names.

They are files that the log removed (by drop, compaction or repair), files of dropped runs, orphans that no log names,
and notes that ended programs left. A segment that a driver may still commit stays: those of seven days, and all of runs
on which one is at work. Versions that named a deleted file can no longer be read, and say so. Deleting may be
interrupted: the same vacuum again goes on.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from samples.errors import UsageError
from samples.lake import hidden, leases, vacuumed
from samples.lake.hidden import Hidden
from samples.lake.storage import PROBES
from samples.lake.tables import Tables
from samples.lines import size_of
from samples.maintenance import drop
from samples.maintenance.leftovers import DAMAGED, DAY, YOUNG, Leftover, Rules, find
from samples.query.rows import Rows
from samples.runs.run import every
from samples_schemas import TABLES

OLDER_THAN = timedelta(days=7)
_AT_ONCE = 1000  # files; S3 deletes as many in one request
_NOTES = (f"{leases.FOLDER}/", f"{PROBES}/")
_LEFT = "a note that an ended program left"

_COLUMNS = pa.schema(
    [
        pa.field("table", pa.string()),
        pa.field("run", pa.string()),
        pa.field("why", pa.string()),
        pa.field("files", pa.int64()),
        pa.field("bytes", pa.int64()),
    ]
)

Watch = Callable[[str], None]


@dataclass(frozen=True)
class Vacuum:
    """What a vacuum deletes, or would delete.

    `rows` has a row for each table, run and reason: table, run, why, files, bytes. `loses` has the oldest version of
    each table that can be read afterwards, where that changes, and `until` the time up to which the lake can no longer
    be read. `kept` says what stays although no version names it.
    """

    rows: Rows
    loses: Mapping[str, int]
    until: datetime | None
    kept: Sequence[str]
    done: bool

    @property
    def files(self) -> int:
        """The number of files."""
        return sum(self.rows.table["files"].to_pylist())

    @property
    def size(self) -> int:
        """Their bytes."""
        return sum(self.rows.table["bytes"].to_pylist())

    def __iter__(self) -> Iterator[str]:
        """Yield what a person must know, line by line."""
        if self.loses:
            first = ",".join(f"{name}:{version}" for name, version in sorted(self.loses.items()))
            until = f"{self.until:%Y-%m-%dT%H:%M:%S}" if self.until else ""
            yield f"--at {'loses' if not self.done else 'lost'} the versions before {first}, and times before {until}"
        yield from self.kept
        what = f"{self.files:,} files, {size_of(self.size)}"
        if not self.files:
            yield "nothing to delete"
        elif self.done:
            yield f"deleted {what}"
        else:
            yield f"would delete {what}; nothing was deleted: --yes does it"


def age(text: str) -> timedelta:
    """Read a time that passed, such as 7d, 12h or 0d.

    Raises:
        UsageError: It is none.
    """
    found = re.fullmatch(r"(\d{1,5})([dhm])", text.strip())
    if not found:
        raise UsageError(f'older than "{text}": expected days, hours or minutes, such as 7d, 12h or 30m')
    return timedelta(**{{"d": "days", "h": "hours", "m": "minutes"}[found[2]]: int(found[1])})


def vacuum(
    lake: Tables,
    *,
    older_than: timedelta = OLDER_THAN,
    nobody_writes: bool = False,
    write: bool = False,
    watch: Watch = lambda _: None,
) -> Vacuum:
    """Find what no version of the lake within `older_than` names, and with `write` delete it.

    Orphans of less than seven days stay whatever `older_than` is, because a driver may still commit them; with
    `nobody_writes` the caller vouches that none will.

    Raises:
        UsageError: `nobody_writes`, and a driver is at work.
        LakeError: The lake cannot be read, files of it may not be deleted, or other maintenance is at work.
    """
    if older_than < timedelta(0):
        raise UsageError("older than: expected a time of 0 or more, such as 7d or 12h")
    if write:
        lake.place.require_writable()
        lake.place.require_deletable(next(iter(TABLES)))
    holding = leases.held(lake.place, leases.MAINTENANCE, "samples vacuum") if write else nullcontext()
    with holding as lease:
        now = lake.place.written(lease.folder)[lease.path][0] if lease else datetime.now(UTC)
        busy = leases.at_work(lake.place, lease.path if lease else None).keys() - {leases.MAINTENANCE}
        if nobody_writes and busy:
            raise UsageError(f"--nobody-writes: a program is at work on {', '.join(sorted(busy))}: wait until it ends")
        dropped = {run: one for run, one in hidden.every(lake.place).items() if one[0].why == hidden.DROPPED}
        since = {run: at for run, (_, at) in dropped.items()}
        rules = Rules.at(now, older_than, since, busy, nobody_writes=nobody_writes)
        found: list[Leftover] = []
        for name, table in TABLES.items():
            watch(f"looking for files that no version of {name} names")
            found += find(lake, table, rules)
        notes = [path for prefix in _NOTES for path, _, at in lake.place.objects(prefix) if at < now - DAY]
        going = [one for one in found if one.goes]
        loses, until = _loses(lake, going)
        said = Vacuum(
            _rows(lake, [note for note, _ in dropped.values()], going, notes), loses, until, [*_kept(found)], done=write
        )
        if write:
            vacuumed.note(lake.place, loses)  # first: a version that is not refused has all of its files
            _delete(lake, going, notes, watch)
            staying = {one.run_id for one in found if not one.goes}
            for run, (note, at) in dropped.items():
                if run not in staying and at < rules.removed and drop.is_complete(lake, note):
                    drop.end(lake, note)
        return said


def _delete(lake: Tables, going: Sequence[Leftover], notes: Sequence[str], watch: Watch) -> None:
    """Delete files, many at once. Files that are gone already do no harm."""
    total, size = sum(one.size for one in going), 0
    for start in range(0, len(going), _AT_ONCE):
        some = going[start : start + _AT_ONCE]
        lake.place.delete_all([one.path for one in some])
        size += sum(one.size for one in some)
        watch(f"deleted {start + len(some):,} of {len(going):,} files, {size_of(size)} of {size_of(total)}")
    lake.place.delete_all(notes)


def _loses(lake: Tables, going: Iterable[Leftover]) -> tuple[dict[str, int], datetime | None]:
    """Return the oldest version of each table that can be read afterwards, and the time of the newest of them."""
    loses: dict[str, int] = {}
    until = None
    before = vacuumed.oldest(lake.place)
    for one in going:
        if one.removal and one.removal.version > max(loses.get(one.table.name, 0), before.get(one.table.name, 0)):
            loses[one.table.name] = one.removal.version
            until = max(until or one.removal.at, one.removal.at)
    return loses, until


def _rows(lake: Tables, dropped: Iterable[Hidden], going: Iterable[Leftover], notes: Sequence[str]) -> Rows:
    """Return a row for each table, run and reason."""
    names = {run.run_id: run.name for run in every(lake)} | {note.run_id: note.name for note in dropped}
    files: Counter[tuple[str, str | None, str]] = Counter()
    size: Counter[tuple[str, str | None, str]] = Counter()
    for one in going:
        what = one.table.name, names.get(one.run_id, one.run_id) if one.run_id else None, one.why
        files[what] += 1
        size[what] += one.size
    rows = [(*what, files[what], size[what]) for what in files]
    rows += [(_NOTES[0], None, _LEFT, len(notes), 0)] if notes else []
    return Rows(pa.Table.from_pylist([dict(zip(_COLUMNS.names, row, strict=True)) for row in rows], schema=_COLUMNS))


def _kept(found: Iterable[Leftover]) -> Iterator[str]:
    """Yield a line for each reason why files stay."""
    files: Counter[str] = Counter()
    size: Counter[str] = Counter()
    for one in found:
        if not one.goes:
            files[one.why] += 1
            size[one.why] += one.size
    for why, count in files.items():
        more = {
            YOUNG: "; a driver may still commit what is younger than 7 days, unless --nobody-writes",
            DAMAGED: "",
        }.get(why, "")
        yield f"kept {count:,} files, {size_of(size[why])}: {why}{more}"
