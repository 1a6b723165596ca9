"""Copy runs of a lake to another one, with all that is known of them, byte for byte.

Each file is compared with the checksums in its name, or read as Parquet where it has none; so are files that a local
target has already, while an object store compares what it keeps itself. The run is hidden at the
target until all of it is there: heavy tables first, then narrow ones, table runs last. A killed copy is finished by the
same command, which copies only the files that are missing. The history of versions is not copied: the target's begins
with the copy. Nothing is written to the source.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from samples.errors import LakeError, UsageError
from samples.lake import hidden, leases
from samples.lake.hidden import COPIED, Hidden
from samples.lake.log import named_files
from samples.lake.storage import Location, locate
from samples.lake.tables import Tables
from samples.lines import size_of
from samples.maintenance import copy_source
from samples.maintenance.copy_compare import difference
from samples.maintenance.copy_files import Copying, copy_files
from samples.maintenance.copy_rows import append
from samples.maintenance.of_run import ORDER, Named, is_shared
from samples.query.rows import Rows
from samples.runs.run import Run, differences, every, find
from samples.runs.weights import require_no_other_scorer
from samples.score.scorer import every_scorer
from samples.score.scorer import recorded as recorded_scorer
from samples_schemas import PROBLEMS, SCORERS, TABLES, Table

Watch = Callable[[str], None]
_COLUMNS = pa.schema(
    [
        pa.field("run", pa.string()),
        pa.field("does", pa.string()),
        pa.field("samples", pa.int64()),
        pa.field("files", pa.int64()),
        pa.field("bytes", pa.int64()),
    ]
)


@dataclass(frozen=True)
class Copied:
    """What a copy did. `rows` has a row for each run: run, does (copied, or was there), samples, files, bytes."""

    rows: Rows
    target: str
    files: int
    size: int
    seconds: float

    def __str__(self) -> str:
        rate = f", {size_of(int(self.size / self.seconds))}/s" if self.files else ""
        runs = "1 run is" if len(self.rows) == 1 else f"{len(self.rows)} runs are"
        return f"{runs} at {self.target}: {self.files:,} files copied, {size_of(self.size)}{rate}"


def copy(source: Tables, target: str, runs: Sequence[str] = (), *, by: str, watch: Watch = lambda _: None) -> Copied:
    """Copy runs to the lake at `target`, which is made if it is not there; all runs, problems and scorers by default.

    A run that is there already with the same content is left as it is.

    Raises:
        NotFound: There is no such run.
        UsageError: The target is the lake itself, or has another run or scorer of a name, or the same run with other
            content. Nothing was copied.
        LakeError: A lake cannot be read or written, or a file is damaged. The same command again goes on. Or a log of
            the source has lost entries: then nothing was copied.
    """
    place = locate(target)
    _require_elsewhere(source.place, place)
    busy = copy_source.is_at_work(source)
    source = source.pin()
    source.require_whole()
    chosen = [find(source, name) for name in runs] if runs else every(source)
    copy_source.require_whole(source, chosen, every=not runs, busy=busy or copy_source.is_at_work(source))
    lake = Tables(target, create=True)
    lake.place.require_writable()
    lake.place.require_deletable(hidden.FOLDER)
    lake.require_tables()
    with leases.held(lake.place, leases.MAINTENANCE, f"samples copy from {source.uri}") as lease:
        watch(f"comparing with {lake.uri}")
        there = {run.run_id: _is_there(source, lake, run) for run in chosen}
        scorers = _scorers(source, chosen) if runs else set(source.read(SCORERS.name)["scorer_id"].to_pylist())
        for scorer in every_scorer(source):
            if scorer.scorer_id in scorers:
                recorded_scorer(lake, scorer)
        files = {run.run_id: {t.name: _files(source, t, run.run_id) for t in _HEAVY_FIRST} for run in chosen}
        total = sum(file.size for run in files for some in files[run].values() for file, _ in some if not there[run])
        copying = Copying(total, watch)
        append(source, lake, SCORERS, "scorers", lambda row: row["scorer_id"] in scorers)
        for run in chosen:
            if not there[run.run_id]:
                _hide(lake, run, Hidden(run.run_id, run.name, COPIED, by, _now(), f"from {source.uri}"), lease.path)
                _copy_run(source, lake, run, files[run.run_id], copying)
        if not runs:
            for dataset in _datasets(source):
                append(source, lake, PROBLEMS, dataset, lambda _: True, dataset=dataset)
        watch("counting")
        for run in chosen:
            if wrong := difference(source, lake, run):
                raise LakeError(f"{lake.uri}: run {run.name} is not what it is at {source.uri}: {wrong}")
    return Copied(_rows(chosen, there, files), lake.uri, copying.files, copying.size, copying.seconds)


_HEAVY_FIRST = [table for table in reversed(ORDER) if not is_shared(table)]
_SHARED = [table for table in reversed(ORDER) if is_shared(table)]  # runs come last
_APPS = {"runs": "runs", "labels": "labels", "reviews": "reviews"}  # who appends; others append for a run


def _hide(lake: Tables, run: Run, note: Hidden, lease: str) -> None:
    """Hide a run at the target until all of it is there. A copy that was broken off has hidden it before.

    Raises:
        UsageError: Somebody began the run there while earlier runs were copied.
    """
    if not hidden.write(lake.place, note):
        return
    # Before the leases are read: a driver writes its lease, then looks for the note.
    working = leases.working_on(lake.place, run.run_id, lease)
    if working or any(other.run_id == run.run_id for other in every(lake)):
        lake.place.delete(note.path)
        raise UsageError(
            f"{lake.uri}: run {run.name} was begun there during this copy: copy to another lake, or wait for its end, "
            "drop it there, vacuum, and copy again"
        )


def _now() -> str:
    return datetime.now(UTC).isoformat(" ", "seconds")


def _copy_run(source: Tables, lake: Tables, run: Run, files: Mapping[str, Sequence[Named]], copying: Copying) -> None:
    """Copy one run, which is hidden at the target."""
    copying.of = run.name
    hashes = run.problem_hashes
    append(
        source,
        lake,
        PROBLEMS,
        run.dataset,
        lambda row: hashes.get(row["problem_id"]) == row["problem_hash"],
        dataset=run.dataset,
    )
    for name, named in files.items():
        copy_files(source, lake, TABLES[name], run.run_id, named, copying)
    for table in _SHARED:
        append(source, lake, table, _APPS.get(table.name, run.run_id), lambda row: row["run_id"] == run.run_id)
    lake.place.delete(f"{hidden.FOLDER}/{run.run_id}.json")


def _files(lake: Tables, table: Table, run_id: str) -> list[Named]:
    """Return the files of a run in a table's snapshot."""
    if (snapshot := lake.delta(table.name)) is None:
        return []
    return [(file, values) for file, values in named_files(table, snapshot) if values["run_id"] == run_id]


def _scorers(source: Tables, chosen: Iterable[Run]) -> set[str]:
    """Return the ids of the scorers that scored some runs."""
    ids = {run.run_id for run in chosen}
    snapshot = source.delta("scores")
    named = named_files(TABLES["scores"], snapshot) if snapshot else ()
    return {values["scorer_id"] for _, values in named if values["run_id"] in ids}


def _datasets(source: Tables) -> list[str]:
    """Return the datasets of which there are problems."""
    snapshot = source.delta(PROBLEMS.name)
    return sorted({values["dataset"] for _, values in named_files(PROBLEMS, snapshot)}) if snapshot else []


def _is_there(source: Tables, lake: Tables, run: Run) -> bool:
    """Return whether the target has a run with the same content. False if a copy of it is to be made or finished.

    Raises:
        UsageError: It has the run with other content, or dropped it, or has another run or scorer of this name.
    """
    note = hidden.read(lake.place, run.run_id)
    if note is not None and note.why != COPIED:
        raise UsageError(f"{lake.uri}: {note}; {note.way_out}")
    for other in every(lake):
        if other.name == run.name and other.run_id != run.run_id:
            raise UsageError(
                f'{lake.uri}: name "{run.name}" is run {other.run_id} there, which differs in '
                f"{differences(other.specification, run.specification)}: copy to another lake"
            )
    require_no_other_scorer(lake, run.name, run.specification)
    if note is not None or all(other.run_id != run.run_id for other in every(lake)):
        return False
    if wrong := difference(source, lake, run):
        advice = "copy to another lake, or drop it there, vacuum, and copy again"
        raise UsageError(f"{lake.uri}: run {run.name} is there already and differs: {wrong}; {advice}")
    return True


def _require_elsewhere(source: Location, target: Location) -> None:
    """Check that the target is neither the lake itself, nor within it, nor around it."""
    one, other = ((_real(place) + "/").replace("s3a://", "s3://", 1) for place in (source, target))
    if one.startswith(other) or other.startswith(one):
        what = "the lake itself" if one == other else "within the lake" if other.startswith(one) else "around the lake"
        raise UsageError(f"{target.uri} is {what} ({source.uri}): name another place")


def _real(place: Location) -> str:
    return str(Path(place.uri).resolve()) if place.is_local else place.uri


def _rows(chosen: Iterable[Run], there: Mapping[str, bool], files: Mapping[str, Mapping[str, Sequence[Named]]]) -> Rows:
    rows = [
        {
            "run": run.name,
            "does": "was there" if there[run.run_id] else "copied",
            "samples": sum(file.rows for file, _ in files[run.run_id]["samples"]),
            "files": sum(map(len, files[run.run_id].values())),
            "bytes": sum(file.size for some in files[run.run_id].values() for file, _ in some),
        }
        for run in chosen
    ]
    return Rows(pa.Table.from_pylist(rows, schema=_COLUMNS))
