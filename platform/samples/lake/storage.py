"""Find the storage of a lake by its URI: a local folder or an object store.

obstore reads and writes single objects there, and deltalake reads and writes Delta tables. Both use the same Rust
object_store and take the same settings from the environment (AWS_*, GOOGLE_*, AZURE_*). Both write an object whole or
not at all. Every error becomes one line that names the lake, within a minute or two.
"""

import atexit
import os
import re
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import duckdb
import obstore
import pyarrow as pa
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import LocalStore, from_url
from pyarrow.fs import FileSystem, LocalFileSystem, SubTreeFileSystem

from samples.errors import LakeError, UsageError
from samples.lake import checksums

SCHEMES = ("file", "s3", "s3a", "gs", "az", "abfs", "abfss", "adl")

# By default, a store that accepts connections and never answers holds each request for more than three minutes.
_ANSWER_SECONDS = 30
_RETRY_SECONDS = 45

_UNUSABLE = re.compile(r"[\\\x00-\x1f\x7f]")  # deltalake takes \ for /, and errors are one line

# Words in the errors of stores, and what they mean for a person.
_CAUSES = {
    "no space left": "no space left there; free some and run the same command again: committed data is kept",
    "permission denied": "no permission to write there; committed data is kept",
    "read-only file system": "the file system is read-only",
    "not a directory": "part of the path is a file, not a folder",
    "computemetadata": "no credentials were found: set GOOGLE_APPLICATION_CREDENTIALS",
    "loading credentials": "no credentials were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
    "169.254.169.254": "no credentials were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
    "unrecognizedclient": "the credentials are not accepted",
    "invalidaccesskeyid": "the credentials are not accepted (AWS_ACCESS_KEY_ID)",
    "signaturedoesnotmatch": "the credentials are not accepted (AWS_SECRET_ACCESS_KEY)",
    "403 forbidden": "access is denied",
    "accessdenied": "access is denied",
    "nosuchbucket": "the bucket does not exist",
    "error sending request": "the store does not answer; check the network and the endpoint",
    "503 service unavailable": "the store is not available now; run the same command again later",
}


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
        with explained(self.uri):
            if self.is_local and not Path(self.uri).is_dir():
                return None
            try:
                return bytes(obstore.get(self._store, path).bytes())
            except FileNotFoundError as error:
                if "nosuchbucket" in str(error).lower():
                    raise
                return None

    def read(self, path: str, start: int, stop: int) -> bytes:
        """Read bytes `start` to `stop` of one object.

        Raises:
            LakeError: The object does not exist, or the store cannot be reached.
        """
        with explained(f"{self.uri}/{path}"):
            return bytes(obstore.get_range(self._store, path, start=start, end=stop))

    def put(self, path: str, data: bytes, *, create: bool = False) -> bool:
        """Write one object, whole or not at all; with `create`, only if it does not exist.

        Returns:
            True if it was written. False only with `create`.

        Raises:
            LakeError: No space, no permission, no network.
        """
        with explained(self.uri):
            try:
                obstore.put(self._store, path, data, mode="create" if create else "overwrite")
            except AlreadyExistsError:
                return False
        return True

    def list(self, prefix: str) -> Iterator[tuple[str, int]]:
        """Yield path and size in bytes of every object under a prefix; one request lists many."""
        with explained(self.uri):
            for batch in obstore.list(self._store, prefix):
                yield from ((found["path"], found["size"]) for found in batch)

    @cached_property
    def _store(self) -> Any:
        with explained(self.uri):
            if self.is_local:
                return LocalStore(self.uri, mkdir=True)
            provider = _aws_profile() if urlsplit(self.uri).scheme in {"s3", "s3a"} else None
            make: Any = from_url  # its overloads name every option of every store
            return make(
                self.uri,
                client_options={
                    "allow_http": self.options.get("allow_http") == "true",
                    "timeout": timedelta(seconds=_ANSWER_SECONDS),
                },
                retry_config={"retry_timeout": timedelta(seconds=_RETRY_SECONDS)},
                **({"credential_provider": provider} if provider else {}),
            )

    def filesystem(self, table: str) -> FileSystem | None:
        """Return pyarrow's file system for a table in a local folder; None on an object store.

        On an object store pyarrow reads through deltalake's file system, which calls Python from pyarrow's threads.
        These threads still return buffers after a read has ended, and they abort a process whose Python has ended. So
        a process that read from an object store waits 0.1 s at its exit.
        """
        if self.is_local:
            return SubTreeFileSystem(f"{self.uri}/{table}", LocalFileSystem())
        _wait_for_readers_at_exit()
        return None

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
    if not urlsplit(uri).netloc or re.search(r"[?#%]", uri):
        raise UsageError(f'lake "{uri}": expected {scheme}://BUCKET/FOLDER, without ? # and %')
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or ""
    plain_http = scheme in {"s3", "s3a"} and endpoint.startswith("http://")
    options = {"timeout": f"{_ANSWER_SECONDS}s", "retry_timeout": f"{_RETRY_SECONDS}s"}
    if plain_http:
        options["allow_http"] = "true"
    if scheme in {"s3", "s3a"} and not os.environ.get("AWS_ACCESS_KEY_ID"):
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
    except (CommitFailedError, TableNotFoundError):
        raise
    except (BaseError, DeltaError, OSError, pa.ArrowException, duckdb.Error) as error:
        if isinstance(error, LakeError):
            raise
        if served := _SERVED.search(str(error)):
            raise LakeError(served[1]) from error
        found = checksums.changed_file(where) if "CRC checksum verification failed" in str(error) else None
        raise found or LakeError(f"lake {where}: {_reason(error)}") from error


_SERVED = re.compile(r"^(?:samples\.errors\.)?LakeError: (.*)$", re.MULTILINE)  # DuckDB quotes our own traceback
# A missing file, in the words of DuckDB and pyarrow; and one that is cut off or was never one.
_GONE = re.compile(
    r"""(?:match the pattern|access file) "(.*?\.parquet)(?:/\*\*/\*\.parquet)?"|"""
    r"""open local file '(.*?)'.*No such file"""
)
_CUT = re.compile(r"""(?:source|at end of file|too small to be a Parquet file:?) '(.*?)'""")


def _reason(error: BaseException) -> str:
    """Return in one line why a store refused."""
    # DuckDB passes on what Python code that it called raised, as a traceback: its last words say why.
    _, trace, text = str(error).rpartition("Traceback (most recent call last):")
    if trace and (said := re.search(r"^[A-Za-z_][\w.]*: (.*)", text, re.MULTILINE | re.DOTALL)):
        text = said[1]
    # Rust adds its own description and a backtrace after the sentence, and coloured arrows within it.
    message = " ".join(re.split(r"Debug source:|\n\s+0: ", re.sub(r"\x1b\[\d*m|↳", "", text))[0].split())
    if gone := _GONE.search(message):
        return f"a commit names the file {gone[1] or gone[2]}, which is gone; restore it"
    if "magic bytes" in message and (cut := _CUT.search(message)):
        return f"{cut[1]} is cut off, or no Parquet file; restore it"
    for words, meaning in _CAUSES.items():
        if words in str(error).lower():
            return f"{meaning} ({message[:200]})"
    return message[:300]


@cache
def _wait_for_readers_at_exit() -> None:
    atexit.register(time.sleep, 0.1)


def _aws_profile() -> Any:
    """Return the credentials of an AWS profile or SSO session, which object_store does not read; None without any."""
    if os.environ.get("AWS_ACCESS_KEY_ID"):
        return None
    try:
        from boto3 import Session
        from obstore.auth.boto3 import Boto3CredentialProvider
    except ImportError:  # the extra [s3] brings boto3
        return None
    session = Session()
    return None if session.get_credentials() is None else Boto3CredentialProvider(session)
