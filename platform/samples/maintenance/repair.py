"""Rebuild the rows of table samples from the segments, whose footers hold a copy of them.

A row is rebuilt if table completions names its segment, and no readable file of `samples` has it: its file is
unreadable, or the log of `samples` has lost entries. A segment that `samples` refers to is named in `completions`
again. Segments that nothing names are left to ingest, which commits those that its run wants. Imports have no segments:
the same import again adds the tables that are empty.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds

from samples.ingest.segment import committer, target
from samples.lake.files import Selection, SnapshotFile, path_within, snapshot_files
from samples.lake.log import added_files
from samples.lake.parquet import File
from samples.lake.storage import explained
from samples.lake.tables import Tables
from samples.query.lost import has_empty_last_entry
from samples.query.rows import Rows
from samples.query.unreadable import wrong
from samples.runs.run import Run, every
from samples.runs.settings import IMPORTED
from samples.units import packed, segment
from samples.units.commit import uncommitted
from samples.units.segment import Receipt
from samples_schemas import COMPLETIONS, SAMPLES, TABLES, VERDICTS, Table

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


def repair(lake: Tables, *, write: bool = False) -> Rows:
    """Find damage of a lake. With `write`, rebuild what can be rebuilt; without it, nothing changes.

    Columns: run, table, found (what is wrong), does (what `write` does about it, or what you can do), files, samples.
    No row means that nothing was found.

    Raises:
        LakeError: The runs cannot be read, or the lake cannot be written.
    """
    if write:
        lake.place.require_writable()
    rows: list[tuple[str | None, str, str, str, int, int | None]] = []
    for name in TABLES:
        if has_empty_last_entry(lake, name):
            rows.append((None, name, "the last entry of the log is empty", "adds an entry after it", 1, None))
            if write:
                lake.commit(name, [])
    for run in every(lake):
        damage = _damage(lake, run)
        rows += _said(damage)
        if write:
            _mend(lake, damage)
    columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in _COLUMNS]
    return Rows(pa.table([pa.array(c, kind.type) for c, kind in zip(columns, _COLUMNS, strict=True)], schema=_COLUMNS))


def _damage(lake: Tables, run: Run) -> _Damage:
    found = _Damage(run)
    good: set[str] = set()
    for table in (SAMPLES, COMPLETIONS, VERDICTS):
        for file in snapshot_files(lake, table, Selection(frozenset({run.run_id}))):
            if wrong(lake.place, f"{table.name}/{path_within(lake, table.name, file)}", file.size):
                found.unreadable.append((table, file))
            elif table is SAMPLES:
                good.add(path_within(lake, table.name, file))
    snapshot = lake.delta(SAMPLES.name)
    samples = lake.dataset_of(SAMPLES.name, snapshot, good) if snapshot else ds.dataset(SAMPLES.schema.empty_table())
    with explained(lake.uri), duckdb.connect() as connection:
        connection.register("samples", samples)
        attempts = {attempt for (attempt,) in connection.sql("SELECT DISTINCT attempt FROM samples").fetchall()}
    completions = lake.delta(COMPLETIONS.name)
    named = set(added_files(completions)["path"].to_pylist()) if completions else set[str]()
    with explained(lake.uri):
        merged = packed.attempts(lake, COMPLETIONS, completions, run.partition)
        candidates = list(packed.receipts(lake, target(run), without=attempts)) if merged - attempts else []
    for path, size, *_ in segment.found(lake, target(run)):
        attempt = segment.attempt_of(path)
        there = attempt in attempts
        if there is (path in named or attempt in merged) or (attempt in merged and not there):
            continue
        receipt = segment.reopen(lake, target(run), path, size)  # None: unreadable, which is listed if it is named
        if receipt and there:
            found.unnamed.append(receipt.file)
        elif receipt:
            candidates.append(receipt)
    found.lost = uncommitted(lake, candidates, samples) if candidates else []
    return found


def _said(damage: _Damage) -> Iterator[tuple[str, str, str, str, int, int | None]]:
    """Yield the rows about one run."""
    name, imported = damage.run.name, damage.run.engine == IMPORTED
    for table in (SAMPLES, COMPLETIONS, VERDICTS):
        if files := [file for one, file in damage.unreadable if one is table]:
            does = {
                SAMPLES.name: "bring them back from a copy of the lake" if imported else "no longer names them",
                COMPLETIONS.name: "bring them back from a copy of the lake",
                VERDICTS.name: "bring them back from a copy of the lake, or rescore in a new lake",
            }[table.name]
            yield name, table.name, "unreadable files", does, len(files), sum(file.rows or 0 for file in files)
    if damage.lost:
        count = sum(receipt.facts.num_rows for receipt in damage.lost)
        yield name, SAMPLES.name, "rows are missing", "rebuilds them from segments", len(damage.lost), count
    if damage.unnamed:
        count = sum(file.rows for file in damage.unnamed)
        yield name, COMPLETIONS.name, "segments are not named", "names them again", len(damage.unnamed), count


def _mend(lake: Tables, damage: _Damage) -> None:
    """Rebuild what can be rebuilt. Each step may be repeated: a kill between two of them loses nothing."""
    run = damage.run
    gone = [_file(lake, file) for table, file in damage.unreadable if table is SAMPLES]
    if gone and run.engine != IMPORTED:
        lake.swap(SAMPLES.name, [(file, run.partition) for file in gone], [], lake.claim(SAMPLES.name, run.run_id))
    if damage.unnamed:
        lake.commit(COMPLETIONS.name, [(file, run.partition) for file in damage.unnamed])
    if damage.lost:
        committer(lake, run).commit_found(damage.lost)


def _file(lake: Tables, file: SnapshotFile) -> File:
    return File(path_within(lake, SAMPLES.name, file), file.size, file.rows or 0, "")
