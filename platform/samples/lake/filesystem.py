"""Let DuckDB and pyarrow read a lake's files on an object store, by byte ranges through obstore.

No extension of DuckDB is needed, and a read is repeated while the store is away. DuckDB asks a file system for sizes
and dates, and lists folders. The file lists of the pinned commits answer all of that, so that every request to the
store is a read. No other object can be opened, and none can be written.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from threading import get_ident
from typing import Any

from fsspec import AbstractFileSystem

from samples.lake.checksums import compare

SCHEME = "lake"
# The end of a file is kept up to this size: DuckDB reads a footer again for each thread and each query. A small file
# then takes one read.
_KEPT_BYTES = 1 << 20


class SnapshotFileSystem(AbstractFileSystem):
    """Serves the files that were added, as lake://TABLE/FILE. `failure` is the error of the last failed read."""

    protocol = SCHEME
    cachable = False

    def __init__(self, read: Callable[[str, int, int], bytes], *, keep_ends: bool = True) -> None:
        """Serve files by `read` (path, start, stop). With `keep_ends`, ends of files are kept in memory."""
        super().__init__()
        self._kept_bytes = _KEPT_BYTES if keep_ends else 0
        self.failure: Exception | None = None
        self._read = read
        self._sizes: dict[str, int] = {}
        self._ends: dict[str, bytes] = {}

    def add(self, files: Iterable[tuple[str, int]]) -> None:
        """Allow files to be opened; each is a pair of path (lake://TABLE/FILE) and size in bytes."""
        self._sizes.update(files)

    def open(self, path: str, mode: str = "rb", *_: Any, **__: Any) -> Any:
        """Open one of the files for reading."""
        if mode != "rb":
            raise PermissionError(f"{path}: files of a lake are read-only here")
        found = self.info(path)
        return _Open(self, found["name"], found["size"])

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        """Return the size of one of the files."""
        if not path.startswith(SCHEME):
            path = f"{SCHEME}://{path}"
        if path not in self._sizes:
            raise FileNotFoundError(path)
        return {"name": path, "size": self._sizes[path], "type": "file"}

    def modified(self, path: str) -> datetime:  # noqa: ARG002 - fsspec passes it
        """Return the same time for all files: a committed file never changes."""
        return datetime(2000, 1, 1, tzinfo=UTC)

    def glob(self, path: str, *_: Any, **__: Any) -> list[str]:
        """Return the path itself, without a listing."""
        return [self.info(path)["name"].partition("://")[2]]

    def range(self, path: str, start: int, stop: int) -> bytes:
        """Read bytes start to stop of a file."""
        size = self.info(path)["size"]
        end = self._ends.get(path, b"")
        if start >= size - len(end):
            return end[start - size + len(end) : stop - size + len(end)]
        try:
            data = self._read(path.partition("://")[2], start, stop)
            if stop == size:
                compare(path, data, start, size)
        except Exception as error:
            self.failure = error  # DuckDB passes on only the message
            raise
        if stop == size and len(data) <= self._kept_bytes:
            self._ends[path] = data
        return data


class _Open:
    """One open file. DuckDB's threads share it, and each seeks before it reads, so each thread has its own position."""

    def __init__(self, files: SnapshotFileSystem, path: str, size: int) -> None:
        self._files, self._path, self._size = files, path, size
        self._at: dict[int, int] = {}
        self.closed = False

    def seek(self, to: int, whence: int = 0) -> int:
        base = (0, self.tell(), self._size)[whence]
        self._at[get_ident()] = base + to
        return base + to

    def tell(self) -> int:
        return self._at.get(get_ident(), 0)

    def read(self, count: int = -1) -> bytes:
        start = self.tell()
        stop = self._size if count < 0 else min(self._size, start + count)
        data = self._files.range(self._path, start, stop) if start < stop else b""
        self._at[get_ident()] = stop
        return data

    def close(self) -> None:
        self._at.clear()
        self.closed = True
