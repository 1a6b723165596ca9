"""Rebuild the rows of table samples from the segments, whose footers hold a copy of them.

A row is rebuilt if table completions names its segment, and no readable file of `samples` has it: its file is
unreadable, the log of `samples` has lost entries, or another program deleted the row. A segment that `samples` refers
to is named in `completions` again. Segments that nothing names are left to ingest, which commits those that its run
wants. Imports have no segments: the same import again adds the tables that are empty.

An unreadable file stays named until all of its rows are rebuilt, so that it counts again once it is restored. A file
that may not be read is no damage, and nothing is repaired.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds

from samples.errors import LakeError
from samples.ingest.segment import committer, target
from samples.lake.files import Selection, SnapshotFile, path_within, snapshot_files
from samples.lake.log import added_files
from samples.lake.parquet import File
from samples.lake.reasons import forbids
from samples.lake.storage import explained
from samples.lake.tables import Tables
from samples.maintenance import repair_entries, repair_units
from samples.maintenance.check.finding import ASK
from samples.query.rows import Rows
from samples.query.unreadable import wrong
from samples.runs.run import Run, every
from samples.runs.settings import IMPORTED
from samples.units import packed, segment
from samples.units.segment import Receipt
from samples_schemas import COMPLETIONS, SAMPLES, VERDICTS, Table

_COLUMNS = pa.schema(
    [
        pa.field("run", pa.string()),
        pa.field("table", pa.string()),
        pa.field("found", pa.string()),
        pa.field("does", pa.string()),
        pa.field("files", pa.int64()),
        pa.field("samples", pa.int64()),
    ]
)


@dataclass
class _Damage:
    """What was found of one run, and what mends it."""

    run: Run
    unreadable: list[tuple[Table, SnapshotFile]] = field(default_factory=list[tuple[Table, SnapshotFile]])
    lost: list[Receipt] = field(default_factory=list[Receipt])  # segments whose rows `samples` lacks
    unnamed: list[File] = field(default_factory=list[File])  # segments that `completions` lacks
    stays: bool = False  # `samples` has an unreadable file whose rows `lost` does not all hold

    def files(self, table: Table) -> list[SnapshotFile]:
        """Return the unreadable files of a table."""
        return [file for one, file in self.unreadable if one is table]


def repair(lake: Tables, *, write: bool = False) -> Rows:
    """Find damage of a lake. With `write`, rebuild what can be rebuilt; without it, nothing changes.

    Columns: run, table, found (what is wrong), does (what `write` does about it, or what you can do), files, samples.
    No row means that nothing was found.

    Raises:
        LakeError: The runs or a file may not be read, or the lake cannot be written.
    """
    if write:
        lake.place.require_writable()
    rows: list[tuple[str | None, str, str, str, int, int | None]] = []
    for entry in repair_entries.find(lake, {run.run_id for run in every(lake) if run.engine == IMPORTED}):
        rows.append((None, entry.table, f"an entry of the log is empty: {entry.path}", entry.does, 1, None))
        if write and entry.stays is None:
            repair_entries.fill(lake, entry)
    for run in every(lake):
        damage = _damage(lake, run)
        rows += _said(lake, damage)
        if write and not damage.stays:
            _mend(lake, damage)
    columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in _COLUMNS]
    return Rows(pa.table([pa.array(c, kind.type) for c, kind in zip(columns, _COLUMNS, strict=True)], schema=_COLUMNS))


def _damage(lake: Tables, run: Run) -> _Damage:
    found = _Damage(run)
    good: dict[str, set[str]] = {table.name: set() for table in (SAMPLES, COMPLETIONS, VERDICTS)}
    for table in (SAMPLES, COMPLETIONS, VERDICTS):
        for file in snapshot_files(lake, table, Selection(frozenset({run.run_id}))):
            path = path_within(lake, table.name, file)
            if (why := wrong(lake.place, f"{table.name}/{path}", file.size)) is None:
                good[table.name].add(path)
            elif forbids(why):
                raise LakeError(f"{why}: what may not be read may be whole, and nothing is repaired; {ASK}")
            else:
                found.unreadable.append((table, file))
    samples = _rows(lake, SAMPLES, good[SAMPLES.name])
    with explained(lake.uri), duckdb.connect() as connection:
        connection.register("samples", samples)
        attempts = {attempt for (attempt,) in connection.sql("SELECT DISTINCT attempt FROM samples").fetchall()}
    parted = repair_units.parted(lake, samples, _rows(lake, COMPLETIONS, good[COMPLETIONS.name]))
    completions = lake.delta(COMPLETIONS.name)
    named = set(added_files(completions)["path"].to_pylist()) if completions else set[str]()
    bad = {path_within(lake, COMPLETIONS.name, file) for file in found.files(COMPLETIONS)}
    with explained(lake.uri):
        merged = packed.attempts(lake, COMPLETIONS, completions, run.partition, bad)
        whole = attempts - parted
        candidates = list(packed.receipts(lake, target(run), whole, bad)) if merged - whole else []
    held = {one.facts["attempt"][0].as_py() for one in candidates}
    for path, size, *_ in segment.found(lake, target(run)):
        attempt = segment.attempt_of(path)
        there, known = attempt in attempts, path in named or attempt in merged
        if (there is known and attempt not in parted) or attempt in held:
            continue
        if (receipt := segment.reopen(lake, target(run), path, size)) is None:  # it is listed if it is named
            continue
        candidates.append(receipt)
        if not known:
            found.unnamed.append(receipt.file)
    found.lost = repair_units.missing(lake, candidates, attempts, samples)
    if found.files(SAMPLES):
        found.stays = not _holds_all(lake, found, samples, _rows(lake, COMPLETIONS, good[COMPLETIONS.name]))
    return found


def _rows(lake: Tables, table: Table, paths: set[str]) -> ds.Dataset:
    snapshot = lake.delta(table.name)
    return lake.dataset_of(table.name, snapshot, paths) if snapshot else ds.dataset(table.schema.empty_table())


# How many samples are rebuilt, and how many have a completion and are neither in a readable file nor rebuilt.
_REBUILT = """
SELECT
    (SELECT count(*) FROM (SELECT DISTINCT problem_id, sample_index FROM lost)),
    (SELECT count(*) FROM completions
        ANTI JOIN samples USING (problem_id, sample_index) ANTI JOIN lost USING (problem_id, sample_index))
"""


def _holds_all(lake: Tables, damage: _Damage, samples: ds.Dataset, completions: ds.Dataset) -> bool:
    """Return whether `lost` has every row of the unreadable files of `samples`, as far as anything tells of them."""
    counts = [file.rows for file in damage.files(SAMPLES)]
    if damage.run.engine == IMPORTED or damage.files(COMPLETIONS) or not damage.lost or None in counts:
        return False
    lost = pa.concat_tables(receipt.facts.select(["problem_id", "sample_index"]) for receipt in damage.lost)
    with explained(lake.uri), duckdb.connect() as connection:
        for name, rows in (("samples", samples), ("completions", completions), ("lost", lost)):
            connection.register(name, rows)
        rebuilt, left = connection.sql(_REBUILT).fetchall()[0]
    return not left and rebuilt >= sum(count or 0 for count in counts)


def _said(lake: Tables, damage: _Damage) -> Iterator[tuple[str, str, str, str, int, int | None]]:
    """Yield the rows about one run."""
    name = damage.run.name
    for table in (SAMPLES, COMPLETIONS, VERDICTS):
        if files := damage.files(table):
            first, more = path_within(lake, table.name, files[0]), f" and {len(files) - 1} more" * (len(files) > 1)
            until = "until then query --skip-unreadable, or samples drop, leaves the run out"
            does = f"restore {table.name}/{first}{more} from a copy; {until}"
            if table is SAMPLES and not damage.stays:
                does = "no longer names them"
            yield name, table.name, "unreadable files", does, len(files), sum(file.rows or 0 for file in files)
    later = "nothing, until the unreadable files of samples are restored"
    if damage.lost:
        count = sum(receipt.facts.num_rows for receipt in damage.lost)
        does = later if damage.stays else "rebuilds them from segments"
        yield name, SAMPLES.name, "rows are missing", does, len(damage.lost), count
    if damage.unnamed:
        count = sum(file.rows for file in damage.unnamed)
        does = later if damage.stays else "names them again"
        yield name, COMPLETIONS.name, "segments are not named", does, len(damage.unnamed), count


def _mend(lake: Tables, damage: _Damage) -> None:
    """Rebuild what can be rebuilt. Each step may be repeated: a kill between two of them loses nothing."""
    run = damage.run
    if gone := [_file(lake, file) for file in damage.files(SAMPLES)]:
        lake.swap(SAMPLES.name, [(file, run.partition) for file in gone], [], lake.claim(SAMPLES.name, run.run_id))
    if damage.unnamed:
        lake.commit(COMPLETIONS.name, [(file, run.partition) for file in damage.unnamed])
    if damage.lost:
        committer(lake, run).commit_found(damage.lost)


def _file(lake: Tables, file: SnapshotFile) -> File:
    return File(path_within(lake, SAMPLES.name, file), file.size, file.rows or 0, "")
