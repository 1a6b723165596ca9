"""Drop a run: it leaves every table at once for readers, and can be brought back until a vacuum deletes its files.

First a note hides the run (`samples.lake.hidden`), then each table's log stops naming its files; a list of them is
written first. Rows in files that runs share are left out of a new file. Nothing is deleted, versions of before show the
run, and a killed drop or undo is finished by the same command. Problems and scorers stay, since other runs use them.
"""

from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import NamedTuple

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from deltalake.exceptions import CommitFailedError

from samples.errors import LakeError, NotFound, UsageError
from samples.lake import hidden, leases
from samples.lake.hidden import DROPPED, FOLDER, Hidden
from samples.lake.log import added_files
from samples.lake.parquet import File
from samples.lake.tables import Tables
from samples.maintenance import drop_lists
from samples.maintenance.of_run import ORDER, Named, is_shared, parts, rows
from samples.runs.run import every, find
from samples_schemas import Table

Watch = Callable[[str], None]


class Dropped(NamedTuple):
    """What a drop or an undo changed: the run's note, and how many files of how many tables; 0 if nothing was left."""

    note: Hidden
    files: int
    tables: int


def drop(lake: Tables, run: str, *, reason: str | None = None, by: str, watch: Watch = lambda _: None) -> Dropped:
    """Let no table name what it holds of a run, and note who dropped it and why. An interrupted drop is finished.

    Raises:
        NotFound: There is no such run.
        UsageError: A program is at work on it.
        LakeError: The lake cannot be written, or other maintenance is at work.
    """
    _require_rights(lake)
    lake.require_tables()
    with leases.held(lake.place, leases.MAINTENANCE, f"samples drop {run}") as lease:
        note = _noted(lake, run, {known.run_id for known in every(lake) if known.name == run})
        if note is None or note.why != DROPPED:
            known, copied = note or find(lake, run), note is not None
            note = Hidden(known.run_id, known.name, DROPPED, by, datetime.now(UTC).isoformat(" ", "seconds"), reason)
            # Before the leases are read: a driver writes its lease, then looks for the note.
            hidden.write(lake.place, note, again=copied)
            if topics := leases.working_on(lake.place, note.run_id, lease.path):
                lake.place.delete(note.path)
                raise UsageError(
                    f"run {note.name}: a program is at work on it ({', '.join(topics)}): end it with Ctrl-C, then "
                    "drop the run"
                )
        counts: list[int] = []
        with _broken_off(note, f"`samples drop {note.typed}` again finishes the drop"):
            for table in ORDER:
                watch(f"dropping run {note.name}: {table.name}")
                counts.append(_remove(lake, table, note.run_id))
        return Dropped(note, sum(counts), sum(map(bool, counts)))


def undo(lake: Tables, run: str, *, watch: Watch = lambda _: None) -> Dropped:
    """Bring a dropped run back as it was. An interrupted undo is finished.

    Raises:
        NotFound: No run of this name was dropped.
        UsageError: Its name belongs to another run now, or a vacuum deleted files of it.
        LakeError: The lake cannot be written, or other maintenance is at work.
    """
    _require_rights(lake)
    lake.require_tables()
    with leases.held(lake.place, leases.MAINTENANCE, f"samples drop {run} --undo"):
        note = _noted(lake, run, ())
        if note is None or note.why != DROPPED:
            raise NotFound(f'run "{run}" was not dropped; dropped runs: {", ".join(_names(lake)) or "none"}')
        for other in every(lake):
            if other.name == note.name and other.run_id != note.run_id:
                raise UsageError(
                    f"run {note.name} cannot come back: its name is run {other.run_id} now; drop that first"
                )
        lists = {table.name: drop_lists.read(lake, table, note.run_id) for table in ORDER}
        watch(f"looking for the files of run {note.name}")
        drop_lists.require_files(lake, note, lists)
        counts: list[int] = []
        with _broken_off(note, f"`samples drop {note.typed} --undo` again brings it back"):
            for table in reversed(ORDER):
                watch(f"bringing run {note.name} back: {table.name}")
                drop_lists.forget_uncommitted(lake, table, note.run_id)
                counts.append(_restore(lake, table, note.run_id, lists[table.name]))
            end(lake, note)
        return Dropped(note, sum(counts), sum(map(bool, counts)))


def _require_rights(lake: Tables) -> None:
    """Check that every log can be written, and that this key may delete the note: who drops a run may want it back."""
    lake.place.require_writable()
    lake.place.require_deletable(FOLDER)
    lake.require_whole()


@contextmanager
def _broken_off(note: Hidden, way_out: str) -> Generator[None]:
    """Let the error of a change that was begun say what state the run is in, and how to go on."""
    try:
        yield
    except LakeError as error:
        raise type(error)(f"{error}; run {note.name} is hidden, and some tables still name it: {way_out}") from error


def is_complete(lake: Tables, note: Hidden) -> bool:
    """Return whether no table names anything of a dropped run."""
    snapshots = [(table, lake.delta(table.name)) for table in ORDER]
    return not any(snapshot and any(parts(lake, table, snapshot, note.run_id)) for table, snapshot in snapshots)


def end(lake: Tables, note: Hidden) -> None:
    """Forget that a run was dropped: it is back, or its files are deleted."""
    lake.place.delete_all([path for path, _ in lake.place.list(f"{FOLDER}/{note.run_id}/")])
    lake.place.delete(note.path)


def _remove(lake: Tables, table: Table, run_id: str) -> int:
    """Let a table no longer name the files of a run. Return how many there were."""
    while lake.delta(table.name) is not None:
        claim = lake.claim(table.name, drop_lists.app(run_id))
        found = list(parts(lake, table, claim.snapshot, run_id))
        if not found:
            return 0
        drop_lists.write(lake, table, run_id, claim.number, [(file, partition) for file, partition, _ in found])
        others = [part.others for part in found if part.others is not None]
        added = [(lake.put(table.name, pa.concat_tables(others), {}), {})] if others else []
        try:
            lake.swap(table.name, [(file, partition) for file, partition, _ in found], added, claim)
        except CommitFailedError:
            continue  # another commit removed files: look again
        return len(found)
    return 0


def _restore(lake: Tables, table: Table, run_id: str, listed: Sequence[Named]) -> int:
    """Let a table name the files of a run again. Return how many came back."""
    if not listed:
        return 0
    claim = lake.claim(table.name, drop_lists.app(run_id))
    if is_shared(table):
        if len(rows(lake, table, claim.snapshot, run_id)):
            return 0
        again = [_rows_of(lake, table, file, run_id) for file, _ in listed]
        fresh = [(lake.put(table.name, pa.concat_tables(again), {}), dict[str, str]())]
    else:
        named = set(added_files(claim.snapshot)["path"].to_pylist())
        fresh = [(file, partition) for file, partition in listed if file.path not in named]
    if fresh:
        lake.commit(table.name, fresh, claim)
    return len(fresh)


def _rows_of(lake: Tables, table: Table, file: File, run_id: str) -> pa.Table:
    """Return the rows of a run in a file that the table no longer names."""
    data = lake.place.read(f"{table.name}/{file.path}", 0, file.size)
    found = pq.read_table(pa.BufferReader(data), schema=table.file_schema)
    return found.filter(ds.field("run_id") == run_id)


def _noted(lake: Tables, run: str, there: Collection[str]) -> Hidden | None:
    """Return the note of a hidden run, by its name or the beginning of its id.

    If `there`, the ids of the lake's runs of this name, holds any, only their notes count: their drop was interrupted.

    Raises:
        UsageError: The name is empty.
        NotFound: Several notes fit.
    """
    if not run:  # every id begins with it
        raise UsageError("the name of the run is empty; `samples runs` lists the runs")
    notes = [note for note, _ in hidden.every(lake.place).values()]
    found = [note for note in notes if note.name == run] or [note for note in notes if note.run_id.startswith(run)]
    found = [note for note in notes if note.run_id in there] if there else found
    if len(found) > 1:
        raise NotFound(f'hidden run "{run}" is ambiguous; choose one of {", ".join(note.run_id for note in found)}')
    return found[0] if found else None


def _names(lake: Tables) -> Iterator[str]:
    return (note.name for note, _ in hidden.every(lake.place).values() if note.why == DROPPED)
