"""Files of a lake on an object store, as DuckDB reads them without any extension: by ranges, through obstore.

DuckDB asks its file systems for sizes and dates, and lists folders; here the file lists of the pinned commits answer
all of that, so the only requests are reads. No other object can be opened, and none written.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from threading import get_ident
from typing import Any

from fsspec import AbstractFileSystem

SCHEME = "lake"
_KEPT_BYTES = 1 << 20  # DuckDB reads a footer anew for each thread and question; a small file is one read with it


class SnapshotFileSystem(AbstractFileSystem):
    """The files that were added, as lake://TABLE/FILE. `failure` is what the last read that failed raised."""

    protocol = SCHEME
    cachable = False

    def __init__(self, read: Callable[[str, int, int], bytes]) -> None:
        super().__init__()
        self.failure: Exception | None = None
        self._read = read
        self._sizes: dict[str, int] = {}
        self._ends: dict[str, bytes] = {}

    def add(self, files: Iterable[tuple[str, int]]) -> None:
        """Let files be opened: pairs of path, as lake://TABLE/FILE, and size in bytes."""
        self._sizes.update(files)

    def open(self, path: str, mode: str = "rb", *_: Any, **__: Any) -> Any:
        """Open one of the files to be read by range."""
        if mode != "rb":
            raise PermissionError(f"{path}: files of a lake are not written here")
        return _Open(self, path, self.info(path)["size"])

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        """Return the size of one of the files."""
        if not path.startswith(SCHEME):
            path = f"{SCHEME}://{path}"
        if path not in self._sizes:
            raise FileNotFoundError(path)
        return {"name": path, "size": self._sizes[path], "type": "file"}

    def modified(self, path: str) -> datetime:  # noqa: ARG002 - fsspec passes it
        """Return one time for all: a committed file never changes."""
        return datetime(2000, 1, 1, tzinfo=UTC)

    def glob(self, path: str, *_: Any, **__: Any) -> list[str]:
        """Return the path itself: nothing is listed."""
        return [self.info(path)["name"].partition("://")[2]]

    def range(self, path: str, start: int, stop: int) -> bytes:
        """Read bytes start to stop of a file."""
        size = self.info(path)["size"]
        end = self._ends.get(path, b"")
        if start >= size - len(end):
            return end[start - size + len(end) : stop - size + len(end)]
        try:
            data = self._read(path.partition("://")[2], start, stop)
        except Exception as error:
            self.failure = error  # DuckDB passes on its words only
            raise
        if stop == size and len(data) <= _KEPT_BYTES:
            self._ends[path] = data
        return data


class _Open:
    """One open file. DuckDB's threads share it, and each seeks before it reads: each has a position of its own."""

    def __init__(self, files: SnapshotFileSystem, path: str, size: int) -> None:
        self._files, self._path, self._size = files, path, size
        self._at: dict[int, int] = {}

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
