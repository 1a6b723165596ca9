"""Read and append to the tables of a lake; all other code goes through here.

A lake is made on first use and records its format; a lake of a newer format is refused. Tables are Delta tables.
Readers see a file once a commit names it, and a commit names all of its files or none. Nothing here rewrites or deletes
rows.
"""

import json
import secrets
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from deltalake.transaction import AddAction, CommitProperties, RemoveAction, Transaction

from samples.errors import LakeError, NotFound, UsageError
from samples.lake import checksums, parquet, stated
from samples.lake.foreign import require_declared
from samples.lake.log import added_files
from samples.lake.parquet import File
from samples.lake.storage import Location, explained, locate
from samples.lake.versions import Version, pin, read_version, snapshot_at
from samples_schemas import TABLES, Table

if TYPE_CHECKING:  # pyarrow.dataset imports pandas if it is installed; that takes a second, and no query needs it
    import pyarrow.dataset as ds

FORMAT = 1
_MARK = "lake.json"
_COMMIT_TRIES = 100  # each try takes the next version of a table's log, which another commit may take first
# Commits state statistics of few columns, and the table must name these columns. If deltalake expects statistics of a
# column and finds none, it concludes that no row matches, and skips files that hold matching rows.
_STATED = "delta.dataSkippingStatsColumns"
_NONE_STATED = {"delta.dataSkippingNumIndexedCols": "0"}


@dataclass(frozen=True)
class Claim:
    """The right to make the next commit of one app on one table. The first commit under equal claims wins.

    A claim holds the snapshot that its number was read from. Delta refuses a taken number only to a commit that starts
    from a snapshot in which the number was still free.
    """

    app: str
    number: int
    snapshot: DeltaTable


class Tables:
    """The tables at one URI. Making one costs little. A read sees the newest commit of its table, or the pinned one."""

    def __init__(self, uri: str, *, create: bool = False, version: str | datetime | None = None) -> None:
        """Open the lake at `uri` (a local folder, s3://, gs://, az://); `create` makes a missing one.

        With a `version` (a text from `Tables.version`, or a time) reads see the lake as it was then, and writes fail.

        Raises:
            UsageError: The URI's scheme is unknown, or `version` cannot be parsed.
            NotFound: There is no lake, and `create` is not set.
            LakeError: The storage cannot be reached, or the lake's format is newer than this program reads.
        """
        self.place: Location = locate(uri)
        self.hidden: frozenset[str] = frozenset()  # ids of runs that reads leave out
        self._pinned: Version | None = None if version is None else read_version(version)
        self._snapshots: dict[str, DeltaTable | None] | None = None if version is None else {}
        if create:
            self._make()
        else:
            self.require()

    @property
    def uri(self) -> str:
        """The lake's normalised URI: an absolute path for a local folder."""
        return self.place.uri

    def require(self) -> None:
        """Check that there is a lake of a known format.

        Raises:
            NotFound: There is no lake.
            LakeError: The lake's format is newer, or its file lake.json is damaged.
        """
        mark = self.place.get(_MARK)
        if mark is None:
            raise NotFound(f"no lake at {self.uri}: `samples ingest … --lake {self.uri}` makes one")
        try:
            found = int(json.loads(mark)["format"])
        except (ValueError, LookupError, TypeError, OverflowError, RecursionError) as error:
            raise LakeError(f'{self.uri}/{_MARK}: expected {{"format": {FORMAT}}}, found {mark[:80]!r}') from error
        if found > FORMAT:
            raise LakeError(
                f"lake {self.uri} has format {found}, this version of Samples reads up to {FORMAT}: upgrade samples"
            )

    def _make(self) -> None:
        if not self.place.put(_MARK, json.dumps({"format": FORMAT}).encode(), create=True):
            self.require()

    # --- reading

    @property
    def version(self) -> str:
        """The version of every table, such as "problems:3,runs:2,samples:14". Pass it to `samples.open`."""
        pinned = self.pin()
        versions = {name: snapshot.version() for name in TABLES if (snapshot := pinned.delta(name))}
        return ",".join(f"{name}:{version}" for name, version in sorted(versions.items()))

    def pin(self, names: Iterable[str] = TABLES) -> Self:
        """Return this lake pinned to its present commits. It does not see later commits, and cannot be written.

        Tables outside `names` are pinned when they are first read.
        """
        if self._snapshots is None:
            pinned = copy(self)
            pinned._snapshots = {}  # noqa: SLF001 - its own copy
            return pinned.pin(names)
        self._snapshots.update(pin([name for name in names if name not in self._snapshots], self.delta))
        return self

    def without(self, runs: Iterable[str]) -> Self:
        """Return this lake without these runs, given by their ids: no read opens a file of theirs."""
        some = copy(self)
        some.hidden = self.hidden | frozenset(runs)
        return some

    def delta(self, name: str) -> DeltaTable | None:
        """Return the newest snapshot of a table, or the pinned one; None if nothing was ever committed to the table.

        Raises:
            LakeError: The table's log cannot be read. The message names the table.
        """
        if self._snapshots is None:
            return self._load(name)
        if name not in self._snapshots:
            with explained(self.place.table_uri(name)):
                self._snapshots[name] = (
                    self._load(name) if self._pinned is None else snapshot_at(name, self._pinned, self._load)
                )
        return self._snapshots[name]

    def _load(self, name: str, version: int | None = None) -> DeltaTable | None:
        try:
            uri, options = self.place.table_uri(name), self.place.options
            snapshot = self.place.patiently(uri, lambda: DeltaTable(uri, version, storage_options=options))
        except TableNotFoundError:
            return None
        require_declared(snapshot, TABLES[name], self.place.table_uri(name))
        return snapshot

    def dataset(self, name: str, snapshot: DeltaTable | None = None, /, **partition: str) -> "ds.Dataset":
        """Return a raw table, or the part of it with these partition values, as a pyarrow dataset.

        These are all committed rows. A completion counts only if table `samples` has its run_id, problem_id,
        sample_index and attempt; of several verdicts, the one of the highest pass_id is current. The views know that:
        `samples.query.scan.scan` reads them.

        This method reads `snapshot`, by default the newest one. The columns are those of the table's declaration, with
        the partition columns. A table without commits gives an empty dataset.
        """
        import pyarrow.dataset as ds

        table = TABLES[name]
        snapshot = snapshot or self.delta(name)
        if snapshot is None:
            return ds.dataset(table.schema.empty_table())
        uri = self.place.table_uri(name)
        files = self.place.patiently(uri, lambda: self._opened(name, snapshot, self.shows, partition))
        if self.hidden and "run_id" in table.file_schema.names:
            files = files.filter(~ds.field("run_id").isin(sorted(self.hidden)))
        return files.filter(_equal(partition)) if partition else files

    def shows(self, path: str) -> bool:
        """Return whether the file at this path may be opened: it is of no hidden run."""
        return not self.hidden or not any(f"run_id={run}/" in path for run in self.hidden)

    def dataset_of(self, name: str, snapshot: DeltaTable, paths: Collection[str]) -> "ds.Dataset":
        """Return some files of a table's snapshot as a pyarrow dataset, with the partition columns."""
        return self.place.patiently(
            self.place.table_uri(name),
            lambda: self._opened(name, snapshot, lambda path: path in paths and self.shows(path)),
        )

    def _opened(
        self, name: str, snapshot: DeltaTable, shows: Callable[[str], bool], partition: Mapping[str, str] | None = None
    ) -> "ds.Dataset":
        """Return files of a table whose footers were compared, and whose pages are compared as they are read.

        Raises:
            LakeError: Bytes of a footer have changed since it was written.
        """
        import pyarrow.dataset as ds

        files: Any = snapshot.to_pyarrow_dataset(
            filesystem=self.place.filesystem(name, _sizes(snapshot)),
            file_pruning_predicate=[(column, "=", value) for column, value in (partition or {}).items()] or None,
            schema=TABLES[name].schema,
        )
        fragments = [fragment for fragment in files.get_fragments() if shows(fragment.path)]
        if self.place.is_local:
            checksums.verify((f"{self.place.table_uri(name)}/{fragment.path}" for fragment in fragments), footers=True)
        options = ds.ParquetFragmentScanOptions(pre_buffer=True, page_checksum_verification=True)
        kind = ds.ParquetFileFormat(default_fragment_scan_options=options)
        made = [
            kind.make_fragment(one.path, one.filesystem, partition_expression=one.partition_expression)
            for one in fragments
        ]
        return ds.FileSystemDataset(made, files.schema, kind, files.filesystem)

    def read(self, name: str, columns: list[str] | None = None, **partition: str) -> pa.Table:
        """Read a table, or the part of it with these partition values, into memory.

        Of a table without partitions each key is returned once, even if somebody appended its row again.
        """
        with explained(self.place.table_uri(name)):
            rows = self.dataset(name, **partition).to_table(columns=columns)
        return rows if TABLES[name].partition_by else stated.once(TABLES[name], rows)

    # --- appending

    def put(
        self,
        name: str,
        rows: pa.Table,
        partition: Mapping[str, str],
        metadata: dict[bytes, bytes] | None = None,
        after: int | None = None,
    ) -> File:
        """Write `rows` as one new file of a table. Readers see it once `commit` names it.

        `after` states that the partition has this many rows before these, and that none of them has a key of these.
        Readers then need not look for rows that are there twice.
        """
        rows = parquet.in_order(TABLES[name], rows)
        distinct = stated.is_distinct(TABLES[name], rows)
        stem = stated.stem(secrets.token_hex(8), distinct=distinct, after=after)
        return self._put(name, stem, rows, partition, metadata)

    def put_as(
        self,
        name: str,
        stem: str,
        rows: pa.Table,
        partition: Mapping[str, str],
        metadata: dict[bytes, bytes] | None = None,
    ) -> File:
        """Write `rows` as one new file of a partition, whole or not at all. Its name is `stem`, then its checksums.

        Raises:
            LakeError: No space, no permission, no network. Readers see nothing of it.
        """
        return self._put(name, stem, parquet.in_order(TABLES[name], rows), partition, metadata)

    def _put(
        self, name: str, stem: str, rows: pa.Table, partition: Mapping[str, str], metadata: dict[bytes, bytes] | None
    ) -> File:
        self._writable()
        table = TABLES[name]
        data = parquet.encode_sorted(table, rows, metadata)
        path = f"{folder(table, partition)}{stem}.{checksums.suffix(data)}.parquet"
        self.place.put(f"{name}/{path}", data)
        return File(path, len(data), rows.num_rows, parquet.stats(rows))

    def commit(self, name: str, files: Iterable[tuple[File, Mapping[str, str]]], claim: "Claim | None" = None) -> None:
        """Commit files: from now on readers see all of them.

        `files` pairs each file with its partition values.

        Raises:
            CommitFailedError: Another commit of the claim's app came first. Nothing was committed.
            LakeError: The log cannot be written, or too many others write to it.
        """
        self._writable()
        table, named = TABLES[name], list(files)
        adds: list[AddAction | RemoveAction] = [
            AddAction(file.path, file.size, dict(values), int(time.time() * 1000), True, file.stats)
            for file, values in named
        ]
        paths, tried = {file.path for file, _ in named}, False

        def commit() -> None:
            nonlocal tried
            if tried and paths <= self._paths(name):
                return
            tried = True
            snapshot = claim.snapshot if claim else self._table(table)
            try:
                snapshot.create_write_transaction(
                    adds,
                    mode="append",
                    schema=table.schema,
                    partition_by=list(table.partition_by),
                    commit_properties=CommitProperties(
                        app_transactions=[Transaction(claim.app, claim.number)] if claim else None,
                        max_commit_retries=_COMMIT_TRIES,
                    ),
                )
            except CommitFailedError:
                # If the store's answer to our own commit is lost, deltalake tries again and meets that commit.
                if not paths <= self._paths(name):
                    raise

        self.place.patiently(self.place.table_uri(name), commit)

    def forget(self, name: str, files: Iterable[tuple[File, Mapping[str, str]]], claim: "Claim") -> None:
        """Commit that a table no longer names these files. They stay in the storage.

        Raises:
            CommitFailedError: Another commit of the claim's app came first. Nothing was committed.
            LakeError: The log cannot be written.
        """
        self._writable()
        now = int(time.time() * 1000)
        removed: list[AddAction | RemoveAction] = [
            RemoveAction(file.path, True, now, file.size, dict(values)) for file, values in files
        ]
        tried = False

        def forget() -> None:
            nonlocal tried
            try:
                claim.snapshot.create_write_transaction(
                    removed,
                    mode="append",
                    schema=TABLES[name].schema,
                    partition_by=list(TABLES[name].partition_by),
                    commit_properties=CommitProperties(app_transactions=[Transaction(claim.app, claim.number)]),
                )
            except CommitFailedError:
                if not tried or self._paths(name) & {action.path for action in removed}:
                    raise
            finally:
                tried = True

        self.place.patiently(self.place.table_uri(name), forget)

    def _paths(self, name: str) -> set[str]:
        """Return the paths of the files that the newest snapshot of a table names."""
        snapshot = self.delta(name)
        return set() if snapshot is None else set(added_files(snapshot)["path"].to_pylist())

    def claim(self, name: str, app: str) -> "Claim":
        """Claim the next commit of `app` on a table. The first commit under equal claims wins; the others fail."""
        self._writable()

        def claim() -> Claim:
            snapshot = self._table(TABLES[name])
            return Claim(app, (snapshot.transaction_version(app) or 0) + 1, snapshot)

        return self.place.patiently(self.place.table_uri(name), claim)

    def append(self, name: str, app: str, choose: Callable[[], Sequence[tuple[pa.Table, Mapping[str, str]]]]) -> None:
        """Append the rows that `choose` returns, in one commit, with no other append of `app` in between.

        `choose` reads the lake and returns the missing rows, as pairs of rows and partition values. It is called again
        if another append of `app` commits first. If it returns no rows, nothing is committed.
        """
        while True:
            claim = self.claim(name, app)  # before `choose` reads
            chosen = [(rows, partition) for rows, partition in choose() if rows.num_rows]
            if not chosen:
                return
            files = [(self.put(name, rows, partition), partition) for rows, partition in chosen]
            try:
                self.commit(name, files, claim)
            except CommitFailedError:
                continue  # no commit names the files just written
            return

    def _writable(self) -> None:
        if self._snapshots is not None:
            raise UsageError(f"lake {self.uri} is open at one version of it: open it without a version to write")

    def _table(self, table: Table) -> DeltaTable:
        """Return the newest snapshot of a table. A missing table is made."""
        if (snapshot := self.delta(table.name)) is not None:
            return snapshot
        try:
            ranged = parquet.statistics_columns(table.file_schema.names)
            return DeltaTable.create(
                self.place.table_uri(table.name),
                schema=table.schema,
                mode="error",
                partition_by=list(table.partition_by),
                name=table.name,
                description=table.meaning,
                configuration={_STATED: ",".join(ranged)} if ranged else _NONE_STATED,
                storage_options=self.place.options,
                # If two processes make the table, the second must fail: a retry would make it again, as version 1.
                commit_properties=CommitProperties(max_commit_retries=0),
            )
        except DeltaError as error:
            if (snapshot := self.delta(table.name)) is None:
                raise OSError(str(error)) from error  # on a read-only lake it is a TableNotFoundError, of all things
            return snapshot


def folder(table: Table, partition: Mapping[str, str]) -> str:
    """Return the path of a partition inside its table's folder, with a slash at its end."""
    return "".join(f"{column}={partition[column]}/" for column in table.partition_by)


def _sizes(snapshot: DeltaTable) -> dict[str, int]:
    files = added_files(snapshot)
    return dict(zip(files["path"].to_pylist(), files["size_bytes"].to_pylist(), strict=True))


def _equal(partition: Mapping[str, str]) -> "ds.Expression":
    import pyarrow.dataset as ds

    expression = ds.scalar(True)
    for column, value in partition.items():
        expression = expression & (ds.field(column) == value)
    return expression
