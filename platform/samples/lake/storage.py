"""Where a lake lies: a local folder or an object store, by URI.

Owns the way from a URI to the two views of one place: objects (obstore) and Delta tables (deltalake). Both stand
on the same Rust object_store, take the same settings from the environment (AWS_*, GOOGLE_*, AZURE_*), and put an
object as a whole or not at all. What goes wrong there becomes one line that names the place, within a minute or two.
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

SCHEMES = ("file", "s3", "s3a", "gs", "az", "abfs", "abfss", "adl")

# A store that accepts connections and never answers would hold each request for three minutes and more.
_ANSWER_SECONDS = 30
_RETRY_SECONDS = 45

# The words by which stores say what went wrong, and what a person can do about it.
_CAUSES = {
    "no space left": "no space left there; free some and run the same command again: what was committed is kept",
    "permission denied": "no permission to write there; what was committed is kept",
    "read-only file system": "the file system is read-only",
    "not a directory": "a part of the path is a file, not a folder",
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
class Place:
    """A folder that holds a lake: its normalised URI, and the settings both libraries need beside the environment."""

    uri: str
    options: dict[str, str]

    @property
    def is_local(self) -> bool:
        """Whether this is a folder of this machine."""
        return "://" not in self.uri

    def get(self, path: str) -> bytes | None:
        """Read one object; None when it is not there.

        Raises:
            LakeError: The place cannot be reached.
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
            LakeError: It is not there, or the place cannot be reached.
        """
        with explained(f"{self.uri}/{path}"):
            return bytes(obstore.get_range(self._store, path, start=start, end=stop))

    def put(self, path: str, data: bytes, *, create: bool = False) -> bool:
        """Write one object, whole or not at all; with `create`, only where there is none.

        Returns:
            Whether it was written; False only with `create`.

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
        """Yield path and size in bytes of every object under a prefix, in batches of one request each."""
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
        """Return pyarrow's own way to the files of a table, where it has one that needs no settings; else None.

        deltalake's own way then serves: it calls back into Python from pyarrow's threads, which are still returning
        buffers after a read has ended, and which abort the process when they find Python gone.
        """
        if self.is_local:
            return SubTreeFileSystem(f"{self.uri}/{table}", LocalFileSystem())
        _wait_for_readers_at_exit()
        return None

    def table_uri(self, name: str) -> str:
        """URI of one Delta table."""
        return f"{self.uri}/{name}"


def locate(uri: str) -> Place:
    """Return the place a URI or path means.

    Raises:
        UsageError: The scheme is not one of a store that lakes can lie on.
    """
    scheme, separator, _ = uri.partition("://")
    if not separator:
        return _local(uri, str(Path(uri).expanduser().absolute()))
    if scheme not in SCHEMES:
        raise UsageError(
            f'lake "{uri}": scheme {scheme} is not one of {", ".join(SCHEMES)}; a plain path is a local folder'
        )
    if scheme == "file":
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
    return Place(uri.rstrip("/"), options)


def _local(uri: str, path: str) -> Place:
    if unquote(path) != path:  # deltalake would decode it, and write another folder
        raise UsageError(f'lake "{uri}": the path of a lake cannot hold % and two hex digits; choose another')
    return Place(path, {})


@contextmanager
def explained(where: str) -> Generator[None]:
    """Turn what any library raises about `where`, or about the files it reads there, into one LakeError line.

    Commit conflicts and missing tables pass through: their callers know what to do.
    """
    try:
        yield
    except (CommitFailedError, TableNotFoundError):
        raise
    except (BaseError, DeltaError, OSError, pa.ArrowException, duckdb.Error) as error:
        if isinstance(error, LakeError):
            raise
        raise LakeError(f"lake {where}: {reason(error)}") from error


def reason(error: BaseException) -> str:
    """Say in one line why a store refused."""
    # Rust's own account of the error, and its backtrace, come after the sentence; arrows in colour stand within it.
    message = " ".join(re.split(r"Debug source:|\n\s+0: ", re.sub(r"\x1b\[\d*m|↳", "", str(error)))[0].split())
    for words, meaning in _CAUSES.items():
        if words in str(error).lower():
            return f"{meaning} ({message[:200]})"
    return message[:300]


@cache
def _wait_for_readers_at_exit() -> None:
    atexit.register(time.sleep, 0.1)


def _aws_profile() -> Any:
    """Credentials of an AWS profile or SSO session, which object_store does not read itself; None without any."""
    if os.environ.get("AWS_ACCESS_KEY_ID"):
        return None
    try:
        from boto3 import Session
        from obstore.auth.boto3 import Boto3CredentialProvider
    except ImportError:  # the extra [s3] brings boto3
        return None
    session = Session()
    return None if session.get_credentials() is None else Boto3CredentialProvider(session)
