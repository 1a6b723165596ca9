"""Read what a snapshot of a table says of its files, without opening them."""

from collections.abc import Mapping
from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable


def added_files(snapshot: DeltaTable) -> pa.Table:
    """Return a row per file of a snapshot: path, size_bytes, num_records, partition.COLUMN, min.COLUMN, max.COLUMN."""
    # pa.table() would check for a pandas frame, and import pandas for that, which takes a second.
    return pa.RecordBatchReader.from_stream(snapshot.get_add_actions(flatten=True)).read_all()


def rows_there(snapshot: DeltaTable, partition: Mapping[str, str]) -> int | None:
    """Return how many rows a partition of a snapshot has; None if the log does not say it of every file."""
    files = added_files(snapshot)
    if partition:
        equal = [pc.call_function("equal", [files[f"partition.{name}"], text]) for name, text in partition.items()]
        files = files.filter(reduce(lambda one, other: pc.call_function("and", [one, other]), equal))
    counts = files["num_records"]
    return None if counts.null_count else pc.call_function("sum", [counts]).as_py() or 0
