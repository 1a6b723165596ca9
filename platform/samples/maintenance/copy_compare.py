"""Compare what two lakes hold of one run, without regard to how it is cut into files."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds

from samples.errors import LakeError
from samples.lake import checksums
from samples.lake.log import named_files
from samples.lake.storage import Location, explained
from samples.lake.tables import Tables
from samples.maintenance.of_run import ORDER, is_shared
from samples.runs.run import Run
from samples_schemas import Table

_DIGEST = "SELECT count(*), coalesce(sum(hash(rows)::HUGEINT), 0) FROM rows"  # in any order


def difference(one: Tables, other: Tables, run: Run) -> str | None:
    """Say in which table two lakes hold other rows of a run; None if in none.

    Where the names of files are the same, which hold their checksums, the rows are if the other's files are whole. Else
    the rows are read.

    Raises:
        LakeError: A file cannot be read, or one of the other lake's is damaged.
    """
    for table in ORDER:
        if not is_shared(table) and (names := _names(one, table, run)) == _names(other, table, run):
            if path := damaged(other.place, {f"{table.name}/{path}": size for path, size in names.items()}):
                raise LakeError(f"{other.uri}/{path}: is gone or damaged: put {one.uri}/{path} in its place")
            if all(map(checksums.is_ours, names)):
                continue
        here, there = _digest(one, table, run), _digest(other, table, run)
        if here != there:
            counts = f"{here[0]:,} rows, and {there[0]:,} at {other.uri}"
            return f"table {table.name} has {counts}{' others' if here[0] == there[0] else ''}"
    return None


def damaged(place: Location, files: Mapping[str, int]) -> str | None:
    """Return the first of these files, by path with its size, that is gone, or has another size or other bytes."""
    there: dict[str, int] = {}
    for folder in {path.rpartition("/")[0] for path in files}:
        there.update(place.list(f"{folder}/"))
    if wrong := next((path for path, size in files.items() if there.get(path) != size), None):
        return wrong
    return None if are_whole(place, files) else next(path for path in files if not are_whole(place, [path]))


def are_whole(place: Location, paths: Iterable[str]) -> bool:
    """Return whether files have the bytes of the checksums in their names. Object stores compare what they keep."""
    try:
        checksums.verify(str(Path(place.uri, path)) for path in paths if place.is_local)
    except LakeError:
        return False
    return True


def _names(lake: Tables, table: Table, run: Run) -> dict[str, int]:
    snapshot = lake.delta(table.name)
    named = named_files(table, snapshot) if snapshot else ()
    return {file.path: file.size for file, values in named if values["run_id"] == run.run_id}


def _digest(lake: Tables, table: Table, run: Run) -> tuple[int, int]:
    """Return the number of a run's rows in a table, and a digest of them in any order."""
    with explained(lake.place.table_uri(table.name)), duckdb.connect() as connection:
        found = lake.dataset(table.name, **({} if is_shared(table) else {"run_id": run.run_id}))
        rows: pa.RecordBatchReader = found.scanner(
            filter=ds.field("run_id") == run.run_id, cache_metadata=False
        ).to_reader()
        connection.register("rows", rows)
        ((count, digest),) = connection.sql(_DIGEST).fetchall()
    return count, digest
