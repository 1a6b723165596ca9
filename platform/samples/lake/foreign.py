"""Recognise a Delta table that is none of this lake's, although it lies where one of the lake's would."""

from deltalake import DeltaTable, Schema

from samples.errors import LakeError
from samples_schemas import Table

_HARMLESS = {"timestampNtz", "v2Checkpoint", "vacuumProtocolCheck"}  # features that change no row


def require_declared(snapshot: DeltaTable, table: Table, where: str) -> None:
    """Check that a snapshot has the declared columns and partitions, and that its files hold the rows that count.

    It may have further columns, and lack those that were declared later.

    Raises:
        LakeError: A column is missing or has another type, the table is partitioned otherwise, or another tool turned
            on a feature of Delta that Samples does not read.
    """
    mapped = snapshot.metadata().configuration.get("delta.columnMapping.mode", "none") != "none"
    features = {*(snapshot.protocol().reader_features or ()), *(["columnMapping"] if mapped else [])} - _HARMLESS
    if features:
        raise LakeError(
            f"lake {where}: another tool turned on {', '.join(sorted(features))} of Delta, which Samples cannot read: "
            "what was deleted might count; turn it off with that tool (in Spark: ALTER TABLE … DROP FEATURE), or "
            "restore the table"
        )
    found = {field.name: str(field.type) for field in snapshot.schema().fields}
    expected = {field.name: str(field.type) for field in Schema.from_arrow(table.schema).fields}
    later = {column.name for column in table.columns if column.later}
    wrong = [f"column {name} is missing" for name in expected if name not in found and name not in later]
    wrong += [
        f"column {name} has the type {found[name]}, expected {kind}"
        for name, kind in expected.items()
        if found.get(name, kind) != kind
    ]
    partitions = snapshot.metadata().partition_columns
    if partitions != list(table.partition_by):
        wrong.append(f"it is partitioned by {partitions}, expected {list(table.partition_by)}")
    if wrong:
        more = f" (and {len(wrong) - 1} more differences)" if len(wrong) > 1 else ""
        raise LakeError(
            f"lake {where}: is another table than Samples writes: {wrong[0]}{more}; move it out of the lake"
        )
