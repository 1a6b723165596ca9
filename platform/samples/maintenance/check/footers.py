"""Read the footer of a file, and what it says of how the file was written.

Another tool that rewrites files, such as plain `optimize.compact`, leaves every row as it is. But it loses what makes
files small and questions fast, and the copy of the narrow rows from which `samples repair` rebuilds them.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from samples.errors import LakeError
from samples.lake import checksums
from samples.lake.parquet import ENCODINGS, leaf_columns, statistics_columns
from samples.lake.storage import Location, explained
from samples_schemas import Table

_END = 1 << 16  # bytes read at first
_WHOLE = 1 << 20  # files up to this size are read and compared whole
_LARGEST_GROUP = 64 << 20  # bytes; ours have 8 MB, unless one sample has more
_SUMS = re.compile(r"\.[0-9a-f]{16}\.parquet$")
_FACTS = {b"samples.facts", b"samples.units"}  # of one segment, and of several in one file

ENCODING = "encodings of another tool: larger files"
GROUPS = "row groups of another tool: one sample reads many"
STATISTICS = "no statistics: one problem reads all"
FACTS = "the footer has no copy of the rows of table samples"
SUMS = "no checksum in the name: changes go unnoticed"
LENGTHS = "token ids and log-probs of different length"


def read(place: Location, path: str, size: int, *, whole: bool) -> pq.FileMetaData:
    """Return the footer of a file of this size. It is compared with its checksum; with `whole` a small file is, too.

    Raises:
        LakeError: The file cannot be read, is no Parquet file, or its bytes have changed.
    """
    where = f"{place.uri}/{path}"
    with explained(where):
        start = 0 if whole and size <= _WHOLE else max(0, size - _END)
        end = _bytes(place, path, start, size)
        if end[-4:] != b"PAR1":
            raise LakeError(f"{where}: is no whole Parquet file")
        if (needed := int.from_bytes(end[-8:-4], "little") + 8) > len(end):
            start = max(0, size - needed)
            end = _bytes(place, path, start, size)
        checksums.compare(where, end, start, size)
        return pq.read_metadata(pa.BufferReader(end))


def lost(table: Table, name: str, footer: pq.FileMetaData, *, drawn: bool) -> Iterator[str]:
    """Yield what a file of a table lacks that ours have. `drawn` says whether an engine of ours drew or scored it."""
    groups = [footer.row_group(at) for at in range(footer.num_row_groups)]
    columns = [group.column(at) for group in groups for at in range(group.num_columns)]
    wanted = {leaf: ENCODINGS[leaf] for leaf in leaf_columns(table.file_schema) if leaf in ENCODINGS}
    if any(column.compression != "ZSTD" or not _encoded(column, wanted) for column in columns):
        yield ENCODING
    if wanted and any(group.num_rows > 1 and group.total_byte_size > _LARGEST_GROUP for group in groups):
        yield GROUPS
    ranged = set(statistics_columns(table.file_schema.names))
    if any(column.path_in_schema in ranged and not column.is_stats_set for column in columns):
        yield STATISTICS
    if drawn and table.name == "completions" and not _FACTS & (footer.metadata or {}).keys():
        yield FACTS
    if not _SUMS.search(name):
        yield SUMS
    if drawn and table.name == "completions" and any(map(_unequal, groups)):
        yield LENGTHS


def _bytes(place: Location, path: str, start: int, stop: int) -> bytes:
    if not place.is_local:
        return place.read(path, start, stop)
    with Path(place.uri, path).open("rb") as file:
        file.seek(start)
        return file.read(stop - start)


def _encoded(column: pq.ColumnChunkMetaData, wanted: dict[str, str]) -> bool:
    encoding = wanted.get(column.path_in_schema)
    others = {"RLE_DICTIONARY", "PLAIN_DICTIONARY", "DELTA_BINARY_PACKED", "BYTE_STREAM_SPLIT", "PLAIN"}
    return encoding is None or not (set(column.encodings) & others) - {encoding}


def _unequal(group: pq.RowGroupMetaData) -> bool:
    """Return whether a row group has more values of one list than of the other."""
    columns = (group.column(at) for at in range(group.num_columns))
    values = {column.path_in_schema: column.num_values for column in columns}
    return values.get("token_ids.list.element") != values.get("token_logprobs.list.element")
