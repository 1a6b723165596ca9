"""Open files of a table as a pyarrow dataset. Their bytes are compared with the checksums in their names."""

from collections.abc import Callable, Mapping
from typing import Any

import pyarrow.dataset as ds
from deltalake import DeltaTable

from samples.lake import checksums
from samples.lake.log import added_files
from samples.lake.storage import Location
from samples_schemas import Table


def opened(
    place: Location,
    table: Table,
    snapshot: DeltaTable,
    shows: Callable[[str], bool],
    partition: Mapping[str, str] | None = None,
) -> ds.Dataset:
    """Return the files of a table's snapshot whose path `shows` accepts, with the partition columns.

    `partition` may leave out files of other partition values. Footers are compared now, pages as they are read.

    Raises:
        LakeError: Bytes of a footer have changed since it was written.
    """
    files: Any = snapshot.to_pyarrow_dataset(
        filesystem=place.filesystem(table.name, _sizes(snapshot)),
        file_pruning_predicate=[(column, "=", value) for column, value in (partition or {}).items()] or None,
        schema=table.schema,
    )
    fragments = [fragment for fragment in files.get_fragments() if shows(fragment.path)]
    if place.is_local:
        checksums.verify((f"{place.table_uri(table.name)}/{fragment.path}" for fragment in fragments), footers=True)
    options = ds.ParquetFragmentScanOptions(pre_buffer=True, page_checksum_verification=True)
    kind = ds.ParquetFileFormat(default_fragment_scan_options=options)
    made = [
        kind.make_fragment(one.path, one.filesystem, partition_expression=one.partition_expression) for one in fragments
    ]
    return ds.FileSystemDataset(made, files.schema, kind, files.filesystem)


def equal(partition: Mapping[str, str]) -> ds.Expression:
    """Return the condition that rows have these partition values."""
    expression = ds.scalar(True)
    for column, value in partition.items():
        expression = expression & (ds.field(column) == value)
    return expression


def _sizes(snapshot: DeltaTable) -> dict[str, int]:
    files = added_files(snapshot)
    return dict(zip(files["path"].to_pylist(), files["size_bytes"].to_pylist(), strict=True))
