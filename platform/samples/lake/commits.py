"""Commit to a table's Delta log: files are named by it, or named no longer, all at once or not at all.

A commit is repeated while the store is away. If the store's answer to a commit is lost, the log is read to learn
whether the commit is there. Nothing is committed after an entry that is empty (`samples.lake.empty`).
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from deltalake import DeltaTable, Schema
from deltalake.exceptions import CommitFailedError, DeltaError
from deltalake.transaction import (
    AddAction,
    CommitProperties,
    PostCommitHookProperties,
    RemoveAction,
    Transaction,
)

from samples.lake import empty, parquet
from samples.lake.log import added_files
from samples.lake.parquet import File
from samples.lake.storage import Location
from samples_schemas import Table

_TRIES = 100  # each try takes the next version of a table's log, which another commit may take first
# Commits state statistics of few columns, and the table must name these columns. If deltalake expects statistics of a
# column and finds none, it concludes that no row matches, and skips files that hold matching rows.
_STATED = "delta.dataSkippingStatsColumns"
_NONE_STATED = {"delta.dataSkippingNumIndexedCols": "0"}
# At a checkpoint deltalake deletes log entries older than 30 days: a lake would no longer open as it was before.
_KEEP_LOG = PostCommitHookProperties(cleanup_expired_logs=False)

# Delta refuses no commit that removes a file which another has removed since. So each commit that removes files takes
# the next number of this app: of two at once, the second fails.
_REMOVES = "samples removes"

Newest = Callable[[], DeltaTable | None]  # reads a table's newest snapshot


@dataclass(frozen=True)
class Claim:
    """The right to make the next commit of one app on one table. The first commit under equal claims wins.

    A claim holds the snapshot that its number was read from. Delta refuses a taken number only to a commit that starts
    from a snapshot in which the number was still free.
    """

    app: str
    number: int
    snapshot: DeltaTable

    @property
    def transaction(self) -> Transaction:
        """What a commit under this claim states."""
        return Transaction(self.app, self.number)


def add(
    place: Location, table: Table, files: Sequence[tuple[File, Mapping[str, str]]], claim: Claim | None, newest: Newest
) -> None:
    """Commit files with their partition values, under a claim if there is one.

    Raises:
        CommitFailedError: Another commit of the claim's app came first. Nothing was committed.
        LakeError: The log cannot be written, or too many others write to it.
    """
    adds: list[AddAction | RemoveAction] = [
        AddAction(file.path, file.size, dict(values), int(time.time() * 1000), True, file.stats)
        for file, values in files
    ]
    paths, tried = {file.path for file, _ in files}, False

    def commit() -> None:
        nonlocal tried
        if tried and paths <= _paths(newest()):
            return
        tried = True
        snapshot = claim.snapshot if claim else opened(place, table, newest)
        empty.require_none(place, table.name, snapshot.version(), later=True)
        try:
            snapshot.create_write_transaction(
                adds,
                mode="append",
                schema=table.schema,
                partition_by=list(table.partition_by),
                commit_properties=CommitProperties(
                    app_transactions=[claim.transaction] if claim else None, max_commit_retries=_TRIES
                ),
                post_commithook_properties=_KEEP_LOG,
            )
        except CommitFailedError:
            # If the store's answer to our own commit is lost, deltalake tries again and meets that commit.
            if not paths <= _paths(newest()):
                raise

    place.patiently(place.table_uri(table.name), commit)


def swap(
    place: Location,
    table: Table,
    removed: Sequence[tuple[File, Mapping[str, str]]],
    added: Sequence[tuple[File, Mapping[str, str]]],
    base: Claim | DeltaTable,
    newest: Newest,
    *,
    same_rows: bool = False,
) -> None:
    """Commit that a table names the files in `added` instead of those in `removed`, which stay in the storage.

    `base` is the snapshot that names those in `removed`, or a claim with it. With `same_rows`, the rows are only moved.

    Raises:
        CommitFailedError: Another commit of the claim's app came first, or removed files. Nothing was committed.
        LakeError: The log cannot be written.
    """
    snapshot, claims = (base.snapshot, [base.transaction]) if isinstance(base, Claim) else (base, [])
    now = int(time.time() * 1000)
    actions: list[AddAction | RemoveAction] = [
        *(RemoveAction(file.path, not same_rows, now, file.size, dict(values)) for file, values in removed),
        *(AddAction(file.path, file.size, dict(values), now, not same_rows, file.stats) for file, values in added),
    ]
    gone, new = {file.path for file, _ in removed}, {file.path for file, _ in added}
    tried = False

    def commit() -> None:
        nonlocal tried
        empty.require_none(place, table.name, snapshot.version(), later=True)
        try:
            snapshot.create_write_transaction(
                actions,
                mode="append",
                schema=table.schema,
                partition_by=list(table.partition_by),
                commit_properties=CommitProperties(
                    app_transactions=[*claims, _removal(snapshot)], max_commit_retries=_TRIES
                ),
                post_commithook_properties=_KEEP_LOG,
            )
        except CommitFailedError:
            # The answer to our own commit may have been lost. Nobody else adds our files.
            there = _paths(newest())
            if not (new <= there if new else tried and not there & gone):
                raise
        finally:
            tried = True

    place.patiently(place.table_uri(table.name), commit)


def _removal(snapshot: DeltaTable) -> Transaction:
    return Transaction(_REMOVES, (snapshot.transaction_version(_REMOVES) or 0) + 1)


def opened(place: Location, table: Table, newest: Newest) -> DeltaTable:
    """Return the newest snapshot of a table, to commit to it. A missing table is made.

    Raises:
        LakeError: The table cannot be made, or the newest entry of its log is empty.
    """
    if (snapshot := newest()) is not None:
        empty.require_none(place, table.name, snapshot.version())
        return snapshot
    place.require_writable()  # deltalake's own words would not say it
    try:
        ranged = parquet.statistics_columns(table.file_schema.names)
        return DeltaTable.create(
            place.table_uri(table.name),
            schema=table.schema,
            mode="error",
            partition_by=list(table.partition_by),
            name=table.name,
            description=table.meaning,
            configuration={_STATED: ",".join(ranged)} if ranged else _NONE_STATED,
            storage_options=place.options,
            # If two processes make the table, the second must fail: a retry would make it again, as version 1.
            commit_properties=CommitProperties(max_commit_retries=0),
        )
    except DeltaError as error:
        if (snapshot := newest()) is None:
            raise OSError(str(error)) from error  # on a read-only lake it is a TableNotFoundError, of all things
        return snapshot


def add_columns(place: Location, table: Table, snapshot: DeltaTable) -> bool:
    """Add the columns that were declared later than this table was made. Return False if the table has them all.

    Raises:
        LakeError: The log cannot be written.
    """
    there = {field.name for field in snapshot.schema().fields}
    absent = {column.name for column in table.columns if column.later} - there
    if not absent:
        return False
    fields = [field for field in Schema.from_arrow(table.schema).fields if field.name in absent]

    def add() -> None:
        with suppress(CommitFailedError):  # another process adds them
            snapshot.alter.add_columns(fields, post_commithook_properties=_KEEP_LOG)

    place.patiently(place.table_uri(table.name), add)
    return True


def _paths(snapshot: DeltaTable | None) -> set[str]:
    return set() if snapshot is None else set(added_files(snapshot)["path"].to_pylist())
