"""Read what a snapshot of a table says of its files, without opening them."""

from collections.abc import Mapping
from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable

from samples.lake.inside import DOUBTFUL, require_inside


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


def rows_there(snapshot: DeltaTable, partition: Mapping[str, str]) -> int | None:
    """Return how many rows a partition of a snapshot has; None if the log does not say it of every file."""
    files = added_files(snapshot)
    if partition:
        equal = [pc.call_function("equal", [files[f"partition.{name}"], text]) for name, text in partition.items()]
        files = files.filter(reduce(lambda one, other: pc.call_function("and", [one, other]), equal))
    counts = files["num_records"]
    return None if counts.null_count else pc.call_function("sum", [counts]).as_py() or 0
