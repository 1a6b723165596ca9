"""Find the storage of a lake by its URI: a local folder or an object store.

obstore reads and writes single objects there, and deltalake reads and writes Delta tables. Both use the same Rust
object_store and take the same settings from the environment (AWS_*, GOOGLE_*, AZURE_*). Both write an object whole or
not at all. What fails because a store is away is repeated (`samples.lake.patience`). Every error becomes one line that
names the lake.
"""

import atexit
import os
import re
import secrets
import tempfile
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

import duckdb
import obstore
import pyarrow as pa
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import LocalStore, from_url
from pyarrow.fs import FileSystem, FSSpecHandler, LocalFileSystem, PyFileSystem, SubTreeFileSystem

from samples.errors import LakeError, StoreAway, UsageError
from samples.lake import checksums, patience, reasons, s3
from samples.lines import without_keys

_S3 = {"s3", "s3a"}
SCHEMES = ("file", "s3", "s3a", "gs", "az", "abfs", "abfss", "adl")

Answer = TypeVar("Answer")

# By default, a store that accepts connections and never answers holds each request for more than three minutes.
_ANSWER_SECONDS = 30
# The libraries repeat a request with pauses that grow to two seconds. Their own limit of ten tries is over in seconds.
_TRIES, _FIRST_PAUSE, _LONGEST_PAUSE = 1000, 0.1, 2.0

PROBES = "_probes"  # a folder of objects that tell whether one may be written
_REFUSED = re.compile("access is denied|no permission|file system is read-only")
_PIECE = 8 << 20  # bytes of a large file that are written at once

_UNUSABLE = re.compile(r"[\\\x00-\x1f\x7f]")  # deltalake takes \ for /, and errors are one line


@dataclass(frozen=True)
class Location:
    """The folder of a lake: its normalised URI, and the settings that both libraries need beside the environment."""

    uri: str
    options: dict[str, str]

    @property
    def is_local(self) -> bool:
        """True for a folder on this machine."""
        return "://" not in self.uri

    def get(self, path: str) -> bytes | None:
        """Read one object; return None if it does not exist.

        Raises:
            LakeError: The store cannot be reached.
        """

        def get() -> bytes | None:
            if self.is_local and not Path(self.uri).is_dir():
                return None
            try:
                return bytes(obstore.get(self._store, path).bytes())
            except FileNotFoundError as error:
                if "nosuchbucket" in str(error).lower():
                    raise
                return None

        return self.patiently(self.uri, get)

    def read(self, path: str, start: int, stop: int) -> bytes:
        """Read bytes `start` to `stop` of one object.

        Raises:
            LakeError: The object does not exist, or the store cannot be reached.
        """
        return self.patiently(
            f"{self.uri}/{path}", lambda: bytes(obstore.get_range(self._store, path, start=start, end=stop))
        )

    def put(self, path: str, data: bytes, *, create: bool = False) -> bool:
        """Write one object, whole or not at all; with `create`, only if it does not exist.

        Returns:
            True if it was written. False only with `create`.

        Raises:
            LakeError: No space, no permission, no network.
        """

        def put() -> bool:
            try:
                obstore.put(self._store, path, data, mode="create" if create else "overwrite")
            except AlreadyExistsError:
                return False
            return True

        with _may("read", "write"):
            return self.patiently(self.uri, put)

    def require_writable(self) -> None:
        """Check that objects may be written, by writing one of no bytes. A long job says so before it begins.

        Raises:
            LakeError: This key may only read, or the store cannot be reached.
        """
        if self.is_local:
            with _may("read", "write"), explained(self.uri):
                try:
                    tempfile.TemporaryFile(dir=self.uri).close()
                except PermissionError as error:
                    raise LakeError(f"lake {self.uri}: no permission to write there") from error
            return
        probe = f"{PROBES}/{secrets.token_hex(8)}"
        self.put(probe, b"")
        with suppress(LakeError):
            self.delete(probe)

    def require_deletable(self, folder: str) -> None:
        """Check that objects in a folder may be deleted, by deleting one that is not there.

        Raises:
            LakeError: This key may not delete, or the store cannot be reached.
        """
        with _may("read and write", "delete"):
            self.delete(f"{folder}/{secrets.token_hex(8)}")

    def put_file(self, path: str, file: Path) -> None:
        """Write a local file as one object, whole or not at all, piece by piece.

        Raises:
            LakeError: No space, no permission, no network.
        """
        with _may("read", "write"):
            self.patiently(self.uri, lambda: obstore.put(self._store, path, file, chunk_size=_PIECE, max_concurrency=4))

    def list(self, prefix: str) -> Iterator[tuple[str, int]]:
        """Return path and size in bytes of every object under a prefix; one request lists many."""
        return ((found["path"], found["size"]) for found in self._found(prefix))

    def written(self, prefix: str) -> dict[str, tuple[datetime, str]]:
        """Return when every object under a prefix was written, by the store's own clock, and a tag of its content."""
        return {found["path"]: (found["last_modified"], str(found["e_tag"])) for found in self._found(prefix)}

    def _found(self, prefix: str) -> Sequence[Any]:
        return self.patiently(
            self.uri, lambda: [found for batch in obstore.list(self._store, prefix) for found in batch]
        )

    def objects(self, prefix: str) -> Sequence[tuple[str, int, datetime]]:
        """Return path, size in bytes and time of writing, by the store's own clock, of every object under a prefix."""

        def listed() -> Sequence[tuple[str, int, datetime]]:
            batches = obstore.list(self._store, prefix)
            return [(found["path"], found["size"], found["last_modified"]) for batch in batches for found in batch]

        return self.patiently(self.uri, listed)

    def delete(self, path: str) -> None:
        """Delete one object, if it exists: a note, or a part of a unit that is committed."""

        def delete() -> None:
            with suppress(FileNotFoundError):
                obstore.delete(self._store, path)

        self.patiently(self.uri, delete)

    def delete_all(self, paths: Sequence[str]) -> None:
        """Delete objects, those that exist; on S3 one request deletes up to a thousand."""

        def delete() -> None:
            if self.is_local:
                for path in paths:
                    with suppress(FileNotFoundError):
                        obstore.delete(self._store, path)
            elif paths:
                with suppress(FileNotFoundError):
                    obstore.delete(self._store, list(paths))

        self.patiently(self.uri, delete)

    def patiently(self, where: str, work: Callable[[], Answer]) -> Answer:
        """Return what `work` returns; on an object store repeat it while the store is away.

        Raises:
            LakeError: It failed; the message names `where`. A `StoreAway` if the store was away for too long.
        """

        def once() -> Answer:
            with explained(where):
                return work()

        return once() if self.is_local else patience.patiently(once, self.uri)

    @cached_property
    def _store(self) -> Any:
        with explained(self.uri):
            if self.is_local:
                return LocalStore(self.uri, mkdir=True)
            make: Any = from_url  # its overloads name every option of every store
            on_s3 = urlsplit(self.uri).scheme in _S3
            provider = s3.profile() if on_s3 else None
            return make(
                self.uri,
                client_options={
                    "allow_http": self.options.get("allow_http") == "true",
                    "timeout": timedelta(seconds=_ANSWER_SECONDS),
                },
                retry_config={
                    "max_retries": _TRIES,
                    "retry_timeout": timedelta(seconds=patience.try_seconds()),
                    "backoff": {
                        "init_backoff": timedelta(seconds=_FIRST_PAUSE),
                        "max_backoff": timedelta(seconds=_LONGEST_PAUSE),
                        "base": 2,
                    },
                },
                **(s3.settings() if on_s3 else {}),
                **({"credential_provider": provider} if provider else {}),
            )

    def filesystem(self, table: str, sizes: Mapping[str, int]) -> FileSystem:
        """Return pyarrow's file system for a table; `sizes` has the bytes of each of its files.

        On an object store pyarrow's threads call Python, so that each read is repeated while the store is away. These
        threads still return buffers after a read has ended, and they abort a process whose Python has ended. So a
        process that read from an object store waits 0.1 s at its exit.
        """
        if self.is_local:
            return SubTreeFileSystem(f"{self.uri}/{table}", LocalFileSystem())
        _wait_for_readers_at_exit()
        from samples.lake.filesystem import SCHEME, SnapshotFileSystem

        files = SnapshotFileSystem(self.read, keep_ends=False)
        files.add((f"{SCHEME}://{table}/{path}", size) for path, size in sizes.items())
        return SubTreeFileSystem(table, PyFileSystem(FSSpecHandler(files)))

    def table_uri(self, name: str) -> str:
        """Return the URI of one Delta table."""
        return f"{self.uri}/{name}"


def locate(uri: str) -> Location:
    """Return the location that a URI or path names.

    Raises:
        UsageError: The scheme is unknown, or the URI is malformed.
    """
    scheme, separator, _ = uri.partition("://")
    if not separator:
        return _local(uri, str(Path(uri).expanduser().absolute()))
    if scheme not in SCHEMES:
        raise UsageError(f'lake "{uri}": unknown scheme {scheme}; use a local folder or one of {", ".join(SCHEMES)}')
    if scheme == "file":
        if urlsplit(uri).netloc not in {"", "localhost"} or re.search(r"[?#]", uri):
            raise UsageError(f'lake "{uri}": expected file:///FOLDER, with %3F for ? and %23 for #')
        return _local(uri, unquote(urlsplit(uri).path).rstrip("/"))
    if "@" in uri and without_keys(uri) != uri:
        raise UsageError(
            f'lake "{uri}": a URI must not hold keys, because it is printed and stored: take them out, and set the '
            "variables of the store, such as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        )
    if not urlsplit(uri).netloc or re.search(r"[?#%]", uri):
        raise UsageError(f'lake "{uri}": expected {scheme}://BUCKET/FOLDER, without ? # and %')
    options = {
        "timeout": f"{_ANSWER_SECONDS}s",
        "max_retries": str(_TRIES),
        "retry_timeout": f"{max(round(patience.try_seconds() * 1000), 1)}ms",
        "backoff_config.init_backoff": f"{round(_FIRST_PAUSE * 1000)}ms",
        "backoff_config.max_backoff": f"{round(_LONGEST_PAUSE * 1000)}ms",
        "backoff_config.base": "2",
    }
    if scheme in _S3:
        options |= s3.settings()
        if s3.allows_http():
            options["allow_http"] = "true"
        if not os.environ.get("AWS_ACCESS_KEY_ID"):
            options["aws_force_credential_load"] = "true"  # deltalake reads profiles for AWS itself only, unless forced
    return Location(uri.rstrip("/"), options)


def _local(uri: str, path: str) -> Location:
    if unquote(path) != path:  # deltalake would decode it and write to another folder
        raise UsageError(f'lake "{uri}": the path of a lake must not contain % and two hex digits; choose another')
    if found := _UNUSABLE.search(path):
        raise UsageError(f'lake "{uri}": the path of a lake must not contain {found[0]!r}; choose another')
    return Location(path, {})


@contextmanager
def explained(where: str) -> Generator[None]:
    """Convert what any library raises within the context into a `LakeError` of one line that names `where`.

    Commit conflicts and missing tables pass through, because callers handle them.
    """
    try:
        yield
    except (BaseError, DeltaError, OSError, pa.ArrowException, duckdb.Error) as error:
        if isinstance(error, LakeError):
            raise
        if "://" in where and reasons.is_away(error):
            raise StoreAway(f"lake {where}: {reasons.reason(error)}") from error
        if isinstance(error, CommitFailedError | TableNotFoundError):
            raise
        if quoted := reasons.quoted(error):
            raise LakeError(quoted) from error
        found = checksums.changed_file(where) if "CRC checksum verification failed" in str(error) else None
        raise found or LakeError(f"lake {where}: {reasons.reason(error)}") from error


@contextmanager
def _may(allowed: str, asked: str) -> Generator[None]:
    """Let the error of a store that refuses say what this key may do, and what key to ask for."""
    try:
        yield
    except LakeError as error:
        if _REFUSED.search(str(error)):
            raise LakeError(f"{error}: this key may only {allowed}; ask for one that may {asked}") from error
        raise


@cache
def _wait_for_readers_at_exit() -> None:
    atexit.register(time.sleep, 0.1)
