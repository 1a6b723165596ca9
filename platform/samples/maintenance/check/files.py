"""Compare the files that a table's log names with those that are there."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from samples.errors import LakeError
from samples.lake import checksums
from samples.lake.files import SnapshotFile, path_within, snapshot_files
from samples.lake.log import removals
from samples.lake.reasons import forbids
from samples.lake.storage import explained
from samples.lake.tables import Tables
from samples.maintenance.check import footers
from samples.maintenance.check.finding import ASK, NOTE, Finding
from samples.maintenance.vacuum_find import is_named_by_us
from samples_schemas import TABLES, Table

KEPT = timedelta(days=7)  # up to this age a driver may still commit a file that no log names
_AT_ONCE = 16  # files
_BATCH = 1000  # files between two lines of progress
_ROWS = "no number of rows in the log: questions open all"
_HEAVY = {"completions", "score_logprobs", "top_logprobs"}

_GONE = "files that are gone"
_SIZE = "files of another size"
CHANGED = "files that cannot be read"
_FORBIDDEN = "files that may not be read"
_UNREAD = {_GONE, _SIZE, CHANGED, _FORBIDDEN}
_REPAIR = {
    "samples": "samples repair --write; restore from a copy what it cannot rebuild",
}
_COPY = "restore them from a copy"
_SKIP = f"{_COPY}; --skip-unreadable leaves the run out"
_COMPACT = "samples compact rewrites them"
_YOUNG, _OLD = "a driver may still commit it, for 7 days", "samples vacuum removes it"
_FOREIGN = "samples vacuum leaves it, because another program wrote it: delete it if nobody needs it"
_WAY_OUT = {
    _FORBIDDEN: ASK,
    footers.FACTS: "repair cannot rebuild these rows: keep a copy of table samples",
    footers.LENGTHS: "restore them from a copy, or draw the run anew",
}


@dataclass
class Files:
    """What was found of the files of one table, and which of them cannot be read."""

    findings: list[Finding] = field(default_factory=list[Finding])
    unreadable: list[SnapshotFile] = field(default_factory=list[SnapshotFile])


def look(
    lake: Tables,
    table: Table,
    files: Sequence[SnapshotFile],
    names: Mapping[str, str],
    drawn: Callable[[SnapshotFile], bool],
    watch: Callable[[str], None],
) -> Files:
    """Compare these files of a pinned table with what is there, and read every footer.

    `names` has the names of runs, by id; `drawn` says of a file whether an engine of ours made it.
    """
    there = {path: size for path, size, _ in lake.place.objects(f"{table.name}/")}
    found: dict[tuple[str | None, str], list[tuple[SnapshotFile, str]]] = defaultdict(list)
    result = Files()

    def one(file: SnapshotFile) -> list[tuple[str, str]]:
        return list(_wrong(lake, table, file, there, drawn=drawn(file)))

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for done in range(0, len(files), _BATCH):
            watch(f"footers of {table.name}: {done:,} of {len(files):,} files")
            some = files[done : done + _BATCH]
            for file, said in zip(some, pool.map(one, some), strict=True):
                for what, why in said:
                    run = file.partition.get("run_id")
                    found[run, what].append((file, why))
                    if what in _UNREAD:
                        result.unreadable.append(file)
    for (run, what), some in found.items():
        level = {"level": NOTE} if what in {footers.SUMS, footers.FACTS} else {}
        does = _WAY_OUT.get(what, way_out(table.name) if what in _UNREAD else _COMPACT)
        name = names.get(run or "", run)
        count = sum(file.rows or 0 for file, _ in some) if run else None
        result.findings.append(Finding(name, table.name, what, does, len(some), count, some[0][1], **level))
    return result


def way_out(table: str) -> str:
    """Return what to do about files of a table that cannot be read."""
    return _REPAIR.get(table, _SKIP if "run_id" in TABLES[table].partition_by else _COPY)


def _wrong(
    lake: Tables, table: Table, file: SnapshotFile, there: Mapping[str, int], *, drawn: bool
) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a file, and which file it is or why."""
    path = f"{table.name}/{path_within(lake, table.name, file)}"
    if path not in there:
        yield _GONE, path
    elif there[path] != file.size:
        yield _SIZE, f"{path}: {there[path]:,} bytes, and {file.size:,} by the log"
    else:
        try:
            narrow = table.name not in _HEAVY
            footer = footers.read(lake.place, path, file.size, whole=narrow)
            if narrow and lake.place.is_local:
                checksums.verify([str(Path(lake.place.uri, path))])
        except LakeError as error:
            yield _FORBIDDEN if forbids(str(error)) else CHANGED, str(error)
            return
        for what in footers.lost(table, path, footer, drawn=drawn):
            yield what, path
        if file.rows is None:
            yield _ROWS, path


def unnamed(lake: Tables, table: Table, runs: frozenset[str] | None, names: Mapping[str, str]) -> Iterator[Finding]:
    """Yield the files of a table's folder that no log names, with age and size. Nothing is wrong with them.

    What is not in a folder of the table's partitions is somebody else's, and left alone.
    """
    objects = [one for one in lake.place.objects(f"{table.name}/") if lake.shows(one[0])]
    lake = Tables(lake.uri)  # what was committed since is named
    if (snapshot := lake.delta(table.name)) is None:
        return
    named = {path_within(lake, table.name, file) for file in snapshot_files(lake, table, snapshot=snapshot)}
    left = [(path.removeprefix(f"{table.name}/"), size, at) for path, size, at in objects]
    left = [one for one in left if one[0] not in named and is_ours(table, one[0])]
    if not left:
        return
    with explained(lake.place.table_uri(table.name)):
        removed = set(snapshot.vacuum(0, dry_run=True, enforce_retention_duration=False))
    now = datetime.now(UTC)
    # A checkpoint forgets removals of more than a week; the entries of the log do not.
    if any(now - at >= KEPT and path not in removed for path, _, at in left):
        removed |= removals(lake.place, table.name).keys()
    for path, size, at in left:
        run = next((part.removeprefix("run_id=") for part in path.split("/") if part.startswith("run_id=")), None)
        if path in removed or (runs is not None and run not in runs):
            continue
        age = now - at
        does = _YOUNG if age < KEPT else _OLD if is_named_by_us(path) else _FOREIGN
        said = f"a file that no log names: {size:,} bytes, {age.days} days old"
        yield Finding(names.get(run or "", run), table.name, said, does, 1, None, f"{table.name}/{path}", NOTE)


def is_ours(table: Table, path: str) -> bool:
    """Return whether a path in a table's folder is that of a file of its partitions."""
    *folders, name = path.split("/")
    columns = [folder.partition("=")[0] for folder in folders if "=" in folder]
    return name.endswith(".parquet") and len(columns) == len(folders) and columns == list(table.partition_by)
