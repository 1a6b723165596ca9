"""Read what the log of a table says of its files, without opening them."""

import json
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import reduce
from typing import NamedTuple
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable

from samples.lake import parquet
from samples.lake.inside import DOUBTFUL, require_inside
from samples.lake.parquet import File
from samples.lake.storage import Location
from samples_schemas import Table

_ENTRY = re.compile(r"/_delta_log/(?P<version>\d{20})\.json$")
_AT_ONCE = 16  # entries
_BATCH = 10_000  # files


def added_files(snapshot: DeltaTable) -> pa.Table:
    """Return a row per file of a snapshot: path, size_bytes, num_records, partition.COLUMN, min.COLUMN, max.COLUMN.

    Raises:
        LakeError: The log names a file outside of the table's folder.
    """
    # pa.table() would check for a pandas frame, and import pandas for that, which takes a second.
    files = pa.RecordBatchReader.from_stream(snapshot.get_add_actions(flatten=True)).read_all()
    doubtful = pc.call_function("match_substring_regex", [files["path"]], pc.MatchSubstringOptions(DOUBTFUL))
    require_inside(snapshot.table_uri, files["path"].filter(doubtful).to_pylist())
    return files


def named_files(table: Table, snapshot: DeltaTable) -> Iterator[tuple[File, dict[str, str]]]:
    """Yield the files of a snapshot with their partition values, as a commit would name them again."""
    there = added_files(snapshot)
    ranged = parquet.statistics_columns(table.file_schema.names)
    ends = [name for name in ranged if {f"min.{name}", f"max.{name}"} <= set(there.column_names)]
    for row in (row for batch in there.to_batches(_BATCH) for row in batch.to_pylist()):
        stated = [name for name in ends if row[f"min.{name}"] is not None]
        stats = {
            "numRecords": row["num_records"],
            "minValues": {name: row[f"min.{name}"] for name in stated},
            "maxValues": {name: row[f"max.{name}"] for name in stated},
            "nullCount": dict.fromkeys(stated, 0),
        }
        file = File(unquote(row["path"]), row["size_bytes"], row["num_records"] or 0, json.dumps(stats))
        yield file, {column: row[f"partition.{column}"] for column in table.partition_by}


def rows_there(snapshot: DeltaTable, partition: Mapping[str, str]) -> int | None:
    """Return how many rows a partition of a snapshot has; None if the log does not say it of every file."""
    files = added_files(snapshot)
    if partition:
        equal = [pc.call_function("equal", [files[f"partition.{name}"], text]) for name, text in partition.items()]
        files = files.filter(reduce(lambda one, other: pc.call_function("and", [one, other]), equal))
    counts = files["num_records"]
    return None if counts.null_count else pc.call_function("sum", [counts]).as_py() or 0


class Removal(NamedTuple):
    """The version of a table that no longer named a file, and when it was committed, by the store's own clock."""

    version: int
    at: datetime


def removals(place: Location, name: str) -> dict[str, Removal]:
    """Return the last removal of each file that a table's log removed, by the file's path. It reads the whole log.

    Raises:
        LakeError: An entry cannot be read.
    """
    entries = [
        (int(entry["version"]), path, at)
        for path, _, at in place.objects(f"{name}/_delta_log/")
        if (entry := _ENTRY.search(path))
    ]
    found: dict[str, Removal] = {}
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for (version, _, at), data in zip(
            sorted(entries), pool.map(lambda entry: place.get(entry[1]), sorted(entries)), strict=True
        ):
            found.update((path, Removal(version, at)) for path in _removed(data or b""))
    return found


def _removed(entry: bytes) -> Iterator[str]:
    """Yield the paths that one entry of a log removes."""
    for line in entry.splitlines():
        if line.startswith(b'{"remove"'):
            yield unquote(json.loads(line)["remove"]["path"])
