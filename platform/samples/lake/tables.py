"""Read and append to the tables of a lake; all other code goes through here.

A lake is made on first use and records its format; a lake of a newer format is refused. Tables are Delta tables.
Readers see a file once a commit names it, and a commit names all of its files or none. Nothing here changes or deletes
rows.
"""

import secrets
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from copy import copy
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError, TableNotFoundError

from samples.errors import LakeError, StoreAway, UsageError
from samples.lake import checksums, commits, damage, empty, mark, parquet, stated
from samples.lake.commits import Claim
from samples.lake.foreign import require_declared
from samples.lake.log import added_files
from samples.lake.parquet import File
from samples.lake.storage import Location, explained, locate
from samples.lake.versions import Version, pin, read_version, snapshot_at
from samples_schemas import TABLES, Table

if TYPE_CHECKING:  # pyarrow.dataset imports pandas if it is installed; that takes a second, and no query needs it
    import pyarrow.dataset as ds


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
            mark.make(self.place)
        else:
            self.require()

    @property
    def uri(self) -> str:
        """The lake's normalised URI: an absolute path for a local folder."""
        return self.place.uri

    @property
    def is_past(self) -> bool:
        """Whether the lake is seen at a version that was named, and not as it is."""
        return self._pinned is not None

    def require(self) -> None:
        """Check that there is a lake of a known format.

        Raises:
            NotFound: There is no lake.
            LakeError: The lake's format is newer, or its file lake.json is damaged.
        """
        mark.require(self.place)

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

    def renewed(self, names: Iterable[str]) -> Self:
        """Return this pinned lake with the present commits of these tables, and all others as they were pinned."""
        assert self._snapshots is not None, "a lake that is not pinned always sees the present commits"
        if self._pinned is not None:
            return self
        again = copy(self)
        again._snapshots = {name: one for name, one in self._snapshots.items() if name not in set(names)}  # noqa: SLF001 - its own copy
        return again.pin(names)

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
                self._snapshots[name] = self._load(name) if self._pinned is None else self._load_pinned(name)
        return self._snapshots[name]

    def _load_pinned(self, name: str) -> DeltaTable | None:
        assert self._pinned is not None
        return snapshot_at(self.place, name, self._pinned, self._load)

    def _load(self, name: str, version: int | None = None) -> DeltaTable | None:
        try:
            uri, options = self.place.table_uri(name), self.place.options
            snapshot = self.place.patiently(uri, lambda: DeltaTable(uri, version, storage_options=options))
        except TableNotFoundError:
            return None
        except StoreAway:
            raise
        except LakeError as error:
            raise damage.explained(self.place, name, version, error) from error
        require_declared(snapshot, TABLES[name], self.place.table_uri(name))
        return snapshot

    def require_tables(self) -> None:
        """Check that every table can be opened: what changes several begins with none if one is in its way.

        Raises:
            LakeError: A table's log cannot be read or names files outside of the table, or the table is none of ours.
        """
        for name in TABLES:
            if (snapshot := self.delta(name)) is not None:
                added_files(snapshot)

    def dataset(self, name: str, snapshot: DeltaTable | None = None, /, **partition: str) -> "ds.Dataset":
        """Return a raw table, or the part of it with these partition values, as a pyarrow dataset.

        These are all committed rows. A completion counts only if table `samples` has its run_id, problem_id,
        sample_index and attempt; of several verdicts, the one of the highest pass_id is current. The views know that:
        `samples.query.scan.scan` reads them.

        This method reads `snapshot`, by default the newest one. The columns are those of the table's declaration, with
        the partition columns. A table without commits gives an empty dataset.
        """
        import pyarrow.dataset as ds

        from samples.lake.datasets import equal, opened

        table = TABLES[name]
        snapshot = snapshot or self.delta(name)
        if snapshot is None:
            return ds.dataset(table.schema.empty_table())
        uri = self.place.table_uri(name)
        files = self.place.patiently(uri, lambda: opened(self.place, table, snapshot, self.shows, partition))
        if self.hidden and "run_id" in table.file_schema.names:
            files = files.filter(~ds.field("run_id").isin(sorted(self.hidden)))
        return files.filter(equal(partition)) if partition else files

    def rows_at(self, name: str, columns: list[str] | None = None, /, **where: str | int) -> pa.Table:
        """Return the rows of a table with these values of its columns, such as those of one sample.

        Only files are opened that may hold such rows, as their commits say. See `dataset` for what the rows are.

        Raises:
            LakeError: A file cannot be read.
        """
        from samples.lake.datasets import equal

        with explained(self.place.table_uri(name)):
            return self.dataset_at(name, **where).to_table(columns=columns, filter=equal(where))

    def dataset_at(self, name: str, /, **where: str | int) -> "ds.Dataset":
        """Return the files of a table that may hold rows with these values of its columns, as a pyarrow dataset.

        They hold other rows too. See `dataset` for what the rows are.
        """
        import pyarrow.dataset as ds

        from samples.lake.datasets import opened_at

        table, uri = TABLES[name], self.place.table_uri(name)
        if (snapshot := self.delta(name)) is None:
            return ds.dataset(table.schema.empty_table())
        return self.place.patiently(uri, lambda: opened_at(self.place, table, snapshot, self.shows, where))

    def shows(self, path: str) -> bool:
        """Return whether the file at this path may be opened: it is of no hidden run."""
        return not self.hidden or not any(f"run_id={run}/" in path for run in self.hidden)

    def dataset_of(
        self, name: str, snapshot: DeltaTable, paths: Collection[str] | None = None, /, **partition: str
    ) -> "ds.Dataset":
        """Return the files at these paths, or those with these partition values, of a table's snapshot.

        They are a pyarrow dataset with the partition columns, of which a caller may take some files.
        """
        from samples.lake.datasets import opened

        def shows(path: str) -> bool:
            return (paths is None or path in paths) and self.shows(path)

        return self.place.patiently(
            self.place.table_uri(name), lambda: opened(self.place, TABLES[name], snapshot, shows, partition)
        )

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

    def commit(self, name: str, files: Iterable[tuple[File, Mapping[str, str]]], claim: Claim | None = None) -> None:
        """Commit files: from now on readers see all of them.

        `files` pairs each file with its partition values.

        Raises:
            CommitFailedError: Another commit of the claim's app came first. Nothing was committed.
            LakeError: The log cannot be written, or too many others write to it.
        """
        self._writable()
        commits.add(self.place, TABLES[name], list(files), claim, lambda: self.delta(name))

    def swap(
        self,
        name: str,
        removed: Iterable[tuple[File, Mapping[str, str]]],
        added: Iterable[tuple[File, Mapping[str, str]]],
        base: Claim | DeltaTable,
        *,
        same_rows: bool = False,
    ) -> None:
        """Commit that a table names the files in `added` instead of those in `removed`, which stay in the storage.

        `base` is the snapshot that names those in `removed`, or a claim with it. With `same_rows`, the rows are only
        moved to other files.

        Raises:
            CommitFailedError: Another commit of the claim's app came first, or removed files. Nothing was committed.
            LakeError: The log cannot be written.
        """
        self._writable()
        lists = list(removed), list(added)
        commits.swap(self.place, TABLES[name], *lists, base, lambda: self.delta(name), same_rows=same_rows)

    def put_file(self, name: str, stem: str, file: Path, rows: int, stats: str, partition: Mapping[str, str]) -> File:
        """Write a local Parquet file as one new file of a partition. Its name is `stem`, then its checksums.

        Raises:
            LakeError: No space, no permission, no network. Readers see nothing of it.
        """
        self._writable()
        path = f"{folder(TABLES[name], partition)}{stem}.{checksums.suffix_of(file)}.parquet"
        self.place.put_file(f"{name}/{path}", file)
        return File(path, file.stat().st_size, rows, stats)

    def checkpoint(self, name: str) -> None:
        """Write a checkpoint of a table's log, so that opening the table reads no entry before it. None is deleted.

        Raises:
            LakeError: It cannot be written.
        """
        self._writable()
        if (snapshot := self.delta(name)) is not None:
            empty.require_none(self.place, name, snapshot.version())
            self.place.patiently(self.place.table_uri(name), snapshot.create_checkpoint)

    def claim(self, name: str, app: str) -> Claim:
        """Claim the next commit of `app` on a table. The first commit under equal claims wins; the others fail."""
        self._writable()

        def claim() -> Claim:
            snapshot = commits.opened(self.place, TABLES[name], lambda: self.delta(name))
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
            if commits.add_columns(self.place, TABLES[name], claim.snapshot):
                continue  # the claim's snapshot is older than the columns
            files = [(self.put(name, rows, partition), partition) for rows, partition in chosen]
            try:
                self.commit(name, files, claim)
            except CommitFailedError:
                continue  # no commit names the files just written
            return

    def require_whole(self, names: Iterable[str] = TABLES) -> None:
        """Check that the newest entry of these tables' logs is not empty, before work that reads or writes them all.

        Raises:
            LakeError: It is: what it named is lost to readers.
        """
        for name in names if self.place.is_local else ():
            if (snapshot := self.delta(name)) is not None:
                empty.require_none(self.place, name, snapshot.version())

    def _writable(self) -> None:
        if self._snapshots is not None:
            raise UsageError(f"lake {self.uri} is open at one version of it: open it without a version to write")


def folder(table: Table, partition: Mapping[str, str]) -> str:
    """Return the path of a partition inside its table's folder, with a slash at its end."""
    return "".join(f"{column}={partition[column]}/" for column in table.partition_by)
