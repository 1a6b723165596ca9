"""The lists of files that drops removed from tables, by which an undo brings them back.

A list is written before the commit that removes its files. It bears the number of that commit's transaction, so a list
whose commit never came is known.
"""

import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from samples.errors import UsageError
from samples.lake.hidden import FOLDER, Hidden
from samples.lake.parquet import File
from samples.lake.tables import Tables
from samples.maintenance.of_run import Named
from samples_schemas import Table

_LIST = re.compile(r"(?P<table>\w+)-(?P<number>\d+)\.parquet$")


def app(run_id: str) -> str:
    """Return the app whose commits drop a run and bring it back."""
    return f"drop {run_id}"


def write(lake: Tables, table: Table, run_id: str, number: int, files: Sequence[Named]) -> None:
    """Write the list of what the transaction `number` of the run's app removes from a table."""
    lake.place.put(f"{FOLDER}/{run_id}/{table.name}-{number}.parquet", _packed(files))


def read(lake: Tables, table: Table, run_id: str) -> list[Named]:
    """Return the files of a run that drops removed from a table, and that no undo has brought back since.

    Commits of drops have lists, and those of undos have none. So what lies before a missing number is back, though it
    may be in other files now. A list whose commit never came does not count.
    """
    if (snapshot := lake.delta(table.name)) is None:
        return []
    number = snapshot.transaction_version(app(run_id)) or 0
    lists = _lists(lake, table, run_id)
    found: dict[str, Named] = {}
    while number in lists:
        data = lake.place.get(lists[number]) or b""
        found.update((file.path, (file, partition)) for file, partition in _unpacked(data))
        number -= 1
    return list(found.values())


def forget_uncommitted(lake: Tables, table: Table, run_id: str) -> None:
    """Delete the lists of a table whose commit never came: the commit of an undo takes the next number."""
    snapshot = lake.delta(table.name)
    last = (snapshot.transaction_version(app(run_id)) or 0) if snapshot else 0
    for number, path in _lists(lake, table, run_id).items():
        if number > last:
            lake.place.delete(path)


def require_files(lake: Tables, note: Hidden, lists: Mapping[str, Sequence[Named]]) -> None:
    """Check that every file of a dropped run is still there."""
    gone = total = 0
    for name, listed in lists.items():
        if listed:
            there = {path for path, _, _ in lake.place.objects(f"{name}/")}
            gone += sum(f"{name}/{file.path}" not in there for file, _ in listed)
            total += len(listed)
    if gone:
        raise UsageError(f"run {note.name} cannot come back: a vacuum deleted {gone:,} of its {total:,} files")


def _lists(lake: Tables, table: Table, run_id: str) -> dict[int, str]:
    """Return the paths of a table's lists by their numbers."""
    return {
        int(of["number"]): path
        for path, _ in lake.place.list(f"{FOLDER}/{run_id}/")
        if (of := _LIST.search(path)) and of["table"] == table.name
    }


def _packed(files: Sequence[Named]) -> bytes:
    """Return files with their partition values as the bytes of a Parquet file."""
    rows = [{**vars(file), "partition": json.dumps(partition)} for file, partition in files]
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), sink, compression="zstd")
    return sink.getvalue()


def _unpacked(data: bytes) -> Iterator[Named]:
    for row in pq.read_table(pa.BufferReader(data)).to_pylist():
        partition = json.loads(row.pop("partition"))
        yield File(**row), partition
