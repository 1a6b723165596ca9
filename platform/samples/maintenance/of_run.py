"""Find what tables hold of one run: whole files where a table is partitioned by run, rows of files elsewhere."""

from collections.abc import Iterator
from typing import NamedTuple

import pyarrow as pa
import pyarrow.dataset as ds
from deltalake import DeltaTable

from samples.lake.log import named_files
from samples.lake.parquet import File
from samples.lake.storage import explained
from samples.lake.tables import Tables
from samples_schemas import TABLES, Table

Named = tuple[File, dict[str, str]]  # a file and its partition values

# In this order a run leaves the lake; it comes back in the opposite one, so that `runs` names nothing half-visible.
ORDER = [TABLES["runs"], *(t for t in TABLES.values() if "run_id" in t.schema.names and t.name != "runs")]


class Part(NamedTuple):
    """One file with rows of a run, and the rows of it that are of other runs; None if there is none."""

    file: File
    partition: dict[str, str]
    others: pa.Table | None


def is_shared(table: Table) -> bool:
    """Return whether one file of a table may hold rows of several runs."""
    return "run_id" not in table.partition_by


def parts(lake: Tables, table: Table, snapshot: DeltaTable, run_id: str) -> Iterator[Part]:
    """Yield the files of a snapshot that hold rows of a run.

    Raises:
        LakeError: A file cannot be read.
    """
    for file, partition in named_files(table, snapshot):
        if not is_shared(table):
            if partition["run_id"] == run_id:
                yield Part(file, partition, None)
            continue
        with explained(lake.place.table_uri(table.name)):
            rows = lake.dataset_of(table.name, snapshot, {file.path}).to_table()
            others = rows.filter(ds.field("run_id") != run_id)
        if len(others) < len(rows):
            yield Part(file, partition, others if len(others) else None)


def rows(lake: Tables, table: Table, snapshot: DeltaTable | None, run_id: str) -> pa.Table:
    """Return the rows of a run in a shared table's snapshot.

    Raises:
        LakeError: A file cannot be read.
    """
    if snapshot is None:
        return table.schema.empty_table()
    with explained(lake.place.table_uri(table.name)):
        return lake.dataset(table.name, snapshot).to_table(filter=ds.field("run_id") == run_id)
