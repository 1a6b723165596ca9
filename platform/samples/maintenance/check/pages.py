"""Read every page of every file, compare it with its checksum, and measure what its lists hold.

The measures of heavy tables are kept a row each, as lake.TABLE_measured: the lengths of lists, the sum of log-probs and
the hash of a text. Tokens and texts pass through a batch at a time.
"""

from collections.abc import Callable, Mapping, Sequence

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from samples.errors import LakeError
from samples.lake import checksums
from samples.lake.files import SnapshotFile, path_within
from samples.lake.storage import explained
from samples.lake.tables import Tables
from samples.query.relations import quoted
from samples_schemas import TABLES

_ROWS = 1024  # of a batch; a completion can have 16k tokens, which take 128 kB

_KEY = "problem_id, sample_index, attempt"
_LISTS = "len(token_ids) AS ids, len(token_logprobs) AS logprobs, list_sum(token_logprobs::DOUBLE[]) AS logprob"
_MEASURES = {
    "completions": f"{_KEY}, {_LISTS}, hash(text) AS text",
    "score_logprobs": f"{_KEY}, {_LISTS}",
    "top_logprobs": f"{_KEY}, len(top_ids) AS ids, len(top_logprobs) AS logprobs, n::BIGINT * positions AS expected",
}


def read(
    connection: duckdb.DuckDBPyConnection,
    lake: Tables,
    files: Mapping[str, Sequence[SnapshotFile]],
    watch: Callable[[str], None],
) -> list[tuple[str, SnapshotFile, str]]:
    """Read the files of each table, and measure those of heavy ones. Return what cannot be read, and why."""
    total = sum(file.size for some in files.values() for file in some)
    done, damaged = 0, list[tuple[str, SnapshotFile, str]]()
    for name in _MEASURES:
        _measure(connection, name, {}, TABLES[name].file_schema.empty_table().to_reader(), "CREATE TABLE {} AS")
    for name, some in files.items():
        filesystem = lake.place.filesystem(name, {path_within(lake, name, file): file.size for file in some})
        for file in some:
            watch(f"pages of {name}: {done / 1e6:,.0f} of {total / 1e6:,.0f} MB")
            path = path_within(lake, name, file)
            try:
                if lake.place.is_local:  # what lies between pages, too
                    checksums.verify([f"{lake.place.table_uri(name)}/{path}"])
                with explained(f"{lake.place.table_uri(name)}/{path}"), filesystem.open_input_file(path) as opened:
                    parquet = pq.ParquetFile(opened, page_checksum_verification=True)
                    batches = parquet.iter_batches(_ROWS if name in _MEASURES else 1 << 16)
                    reader = pa.RecordBatchReader.from_batches(parquet.schema_arrow, batches)
                    if name in _MEASURES:
                        _measure(connection, name, file.partition, reader, "INSERT INTO {}")
                    else:
                        for _ in reader:
                            pass
            except LakeError as error:
                damaged.append((name, file, str(error)))
            done += file.size
    return damaged


def _measure(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    partition: Mapping[str, str],
    rows: pa.RecordBatchReader,
    into: str,
) -> None:
    columns = [f"{quoted(partition.get(name, ''))} AS {name}" for name in TABLES[table].partition_by]
    connection.register("batches", rows)
    connection.execute(
        f"{into.format(f'lake.{table}_measured')} SELECT {', '.join(columns)}, {_MEASURES[table]} FROM batches"  # noqa: S608 - names of our own
    )
    connection.unregister("batches")
