"""Delete files that no version of the lake within the last days names.

They are files that the log removed (by drop, compaction or repair), files of dropped runs, orphans that no log names,
entries of logs before the oldest version that can be read, and notes that ended programs left. A segment that a driver
may still commit stays: those of seven days, and all of runs on which one is at work. Versions that named a deleted file
can no longer be read, and say so. Deleting may be interrupted: the same vacuum again goes on.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta

from samples.errors import UsageError
from samples.lake import hidden, leases, vacuumed
from samples.lake.storage import PROBES
from samples.lake.tables import Tables
from samples.lines import size_of
from samples.maintenance import drop, vacuum_logs, vacuum_said
from samples.maintenance.vacuum_find import DAY, Leftover, Rules, find, parts
from samples.maintenance.vacuum_said import Vacuum
from samples.runs.run import every
from samples_schemas import TABLES

OLDER_THAN = timedelta(days=7)
_AT_ONCE = 1000  # files; S3 deletes as many in one request
_NOTES = (f"{leases.FOLDER}/", f"{PROBES}/")

Watch = Callable[[str], None]


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
        LakeError: The lake cannot be read, the last entry of a log is empty, files of it may not be deleted, or other
            maintenance is at work.
    """
    if older_than < timedelta(0):
        raise UsageError("older than: expected a time of 0 or more, such as 7d or 12h")
    lake.require_whole()
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
        found += parts(lake, rules)
        notes = [path for prefix in _NOTES for path, _, at in lake.place.objects(prefix) if at < now - DAY]
        going = [one for one in found if one.goes]
        loses, until = _loses(lake, going)
        oldest = vacuumed.oldest(lake.place) | loses
        entries = list(vacuum_logs.find(lake, oldest, rules))
        there = {run.run_id: run.name for run in every(lake)}
        names = there | {run: note.name for run, (note, _) in dropped.items()}
        unfinished = [note for note, _ in dropped.values() if not drop.is_complete(lake, note)]
        shown = {name for run, name in there.items() if run not in dropped}
        kept = [*vacuum_said.kept(found), *(vacuum_said.unfinished(note, shown) for note in unfinished)]
        said = Vacuum(vacuum_said.rows(names, [*going, *entries], notes), loses, until, kept, done=write)
        if write:
            vacuumed.note(lake.place, loses)  # first: a version that is not refused has all of its files
            _delete(lake, going, watch)
            for name in {one.table for one in entries}:
                vacuum_logs.checkpoint(lake, name, oldest[name])
            _delete(lake, entries, watch)
            lake.place.delete_all(notes)
            staying = {one.run_id for one in found if not one.goes}
            for run, (note, at) in dropped.items():
                if run not in staying and at <= rules.removed and note not in unfinished:
                    drop.end(lake, note)
        return said


def _delete(lake: Tables, going: Sequence[Leftover], watch: Watch) -> None:
    """Delete files, many at once. Files that are gone already do no harm."""
    total, size = sum(one.size for one in going), 0
    for start in range(0, len(going), _AT_ONCE):
        some = going[start : start + _AT_ONCE]
        lake.place.delete_all([one.path for one in some])
        size += sum(one.size for one in some)
        watch(f"deleted {start + len(some):,} of {len(going):,} files, {size_of(size)} of {size_of(total)}")


def _loses(lake: Tables, going: Iterable[Leftover]) -> tuple[dict[str, int], datetime | None]:
    """Return the oldest version of each table that can be read afterwards, and the time of the newest of them."""
    loses: dict[str, int] = {}
    until = None
    before = vacuumed.oldest(lake.place)
    for one in going:
        if one.removal and one.removal.version > max(loses.get(one.table, 0), before.get(one.table, 0)):
            loses[one.table] = one.removal.version
            until = max(until or one.removal.at, one.removal.at)
    return loses, until
