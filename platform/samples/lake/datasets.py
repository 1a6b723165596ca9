"""Open files of a table as a pyarrow dataset. Their bytes are compared with the checksums in their names."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from deltalake import DeltaTable

from samples.lake import checksums
from samples.lake.log import added_files
from samples.lake.parquet import is_heavy
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
    there = [(one.path, one.partition_expression) for one in files.get_fragments() if shows(one.path)]
    return _dataset(place, table, files.filesystem, there)


def opened_at(
    place: Location, table: Table, snapshot: DeltaTable, shows: Callable[[str], bool], where: Mapping[str, Any]
) -> ds.Dataset:
    """Return the files of a table's snapshot that may hold rows with these values of columns, as their commits say.

    It is for looking up a few rows: the time does not grow with what deltalake makes of each file of a large table. The
    rows of these files are still to be filtered.

    Raises:
        LakeError: Bytes of a footer have changed since it was written.
    """
    files = added_files(snapshot)
    files = files.filter(_may_hold(files, where))
    paths = [*map(unquote, files["path"].to_pylist())]
    filesystem = place.filesystem(table.name, dict(zip(paths, files["size_bytes"].to_pylist(), strict=True)))
    values = [files[f"partition.{column}"].to_pylist() for column in table.partition_by]
    there = [
        (path, equal({column: values[place][row] for place, column in enumerate(table.partition_by)}))
        for row, path in enumerate(paths)
        if shows(path)
    ]
    return _dataset(place, table, filesystem, there)


def _may_hold(files: pa.Table, where: Mapping[str, Any]) -> pa.Array:
    """Return for each file whether it may hold rows with these values: its partition and its ranges allow them."""
    kept: Any = pa.array([True] * len(files), pa.bool_())  # of no files, too
    for column, value in where.items():
        if (of := f"partition.{column}") in files.column_names:
            kept = pc.call_function("and", [kept, pc.call_function("equal", [files[of], value])])
            continue
        for end, compare in ((f"min.{column}", "less_equal"), (f"max.{column}", "greater_equal")):
            if end in files.column_names:
                holds = pc.call_function("coalesce", [pc.call_function(compare, [files[end], value]), pa.scalar(True)])
                kept = pc.call_function("and", [kept, holds])
    return kept


def _dataset(place: Location, table: Table, filesystem: Any, files: Sequence[tuple[str, ds.Expression]]) -> ds.Dataset:
    """Return these files, each with what is true of all of its rows. Footers are compared with their checksums now.

    Narrow files of another tool whose texts are of Arrow's type string_view are read at once: pyarrow cannot filter
    them, and says so where files hold tokens (`samples.lake.reasons`).
    """
    if place.is_local:
        checksums.verify((f"{place.table_uri(table.name)}/{path}" for path, _ in files), footers=True)
    options = ds.ParquetFragmentScanOptions(pre_buffer=True, page_checksum_verification=True)
    kind = ds.ParquetFileFormat(default_fragment_scan_options=options)
    made = [kind.make_fragment(path, filesystem, partition_expression=true) for path, true in files]
    viewed = [one.path for one in made if not (is_heavy(table) or checksums.is_ours(one.path)) and _has_views(one)]
    plain, others = (
        ds.FileSystemDataset([one for one in made if (one.path in viewed) is there], table.schema, kind, filesystem)
        for there in (False, True)
    )
    return ds.UnionDataset(table.schema, [plain, ds.dataset(others.to_table())]) if viewed else plain


def _has_views(fragment: ds.ParquetFileFragment) -> bool:
    return any(pa.types.is_string_view(field.type) for field in fragment.physical_schema)


def equal(values: Mapping[str, Any]) -> ds.Expression:
    """Return the condition that rows have these values of columns."""
    expression = ds.scalar(True)
    for column, value in values.items():
        expression = expression & (ds.field(column) == value)
    return expression


def _sizes(snapshot: DeltaTable) -> dict[str, int]:
    files = added_files(snapshot)
    return dict(zip(files["path"].to_pylist(), files["size_bytes"].to_pylist(), strict=True))
