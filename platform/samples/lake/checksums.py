"""Notice bytes of a file that changed after it was written: a rotten disk, a bad copy.

A file's name ends in two CRC-32 sums: of all that stands before its footer, and of its footer. Its pages have sums of
their own, which pyarrow verifies as it reads them; DuckDB verifies none. So in a local folder a file is compared with
its name before DuckDB reads it, and its footer before pyarrow does. That takes about a second per gigabyte and core. A
file is compared once while it stays as it is (inode, size, time): in a process, and, where files are large, on this
machine for a day. An object store keeps sums itself; there, what is read whole is compared.
"""

import contextlib
import json
import os
import re
import time
import zlib
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from pathlib import Path

from samples.errors import LakeError

_NAME = re.compile(r"\.(?P<body>[0-9a-f]{8})(?P<footer>[0-9a-f]{8})\.parquet$")
_TAIL = 8  # bytes at the end of a Parquet file: the length of the footer, and PAR1
_CHUNK = 1 << 20
_SMALL = 1 << 20  # files up to this size are always compared whole
_MANY = 64 << 20  # bytes; if more are compared at once, the machine remembers it
_DAY = 86_400.0

_Seen = tuple[int, int, int]  # inode, size and time of a file's last change
_compared: dict[tuple[str, bool], _Seen] = {}


def suffix(data: bytes) -> str:
    """Return the sums of a file as the last part of its name."""
    footer = _footer_at(data[-_TAIL:], len(data))
    return f"{zlib.crc32(data[:footer]):08x}{zlib.crc32(data[footer:]):08x}"


def suffix_of(file: Path) -> str:
    """Return the sums of a local file as the last part of its name. It is read piece by piece."""
    footer, size = footer_of(file), file.stat().st_size
    with file.open("rb") as opened:
        total, left = 0, footer
        while left and (data := opened.read(min(left, _CHUNK))):
            total, left = zlib.crc32(data, total), left - len(data)
        return f"{total:08x}{zlib.crc32(opened.read(size - footer)):08x}"


def footer_of(file: Path) -> int:
    """Return where the footer of a local Parquet file begins."""
    with file.open("rb") as opened:
        size = opened.seek(0, os.SEEK_END)
        opened.seek(max(0, size - _TAIL))
        return _footer_at(opened.read(), size)


def is_ours(name: str) -> bool:
    """Return whether a file's name ends in its sums, as the names of all files do that Samples writes."""
    return _NAME.search(name) is not None


def verify(paths: Iterable[str], *, footers: bool = False, most: int | None = None) -> None:
    """Compare local files with the sums in their names; files whose names have none are not looked at.

    With `footers` only the footers of files above a megabyte are compared. After `most` bytes the same is done.

    Raises:
        LakeError: Bytes of a file have changed since it was written. The message names the file.
    """
    asked: list[tuple[str, bool, _Seen]] = []
    size = 0
    for path in paths:
        if not _NAME.search(path):
            continue
        try:
            stat = os.stat(path)  # noqa: PTH116 - a Path for each of many files takes as long as the call
        except OSError:
            continue  # whoever reads it says so
        seen = stat.st_ino, stat.st_size, stat.st_mtime_ns
        whole = stat.st_size <= _SMALL or (not footers and (most is None or size + stat.st_size <= most))
        if seen in (_compared.get((path, True)), _compared.get((path, whole))):
            continue
        size += stat.st_size if whole else 0
        asked.append((path, whole, seen))
    if not asked:
        return
    memory = _Memory(asked) if size > _MANY else None
    left = [one for one in asked if not (memory and memory.knows(*one))]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda one: _compare(one[0], whole=one[1]), left))
    _compared.update({(path, whole): seen for path, whole, seen in asked})
    if memory:
        memory.add(left)


def changed_file(folder: str) -> LakeError | None:
    """Return the error about the first file of a local folder whose bytes changed, of those whose footer was compared.

    pyarrow does not say in which file it found a page with another sum.
    """
    for path, whole in list(_compared):
        if not whole and path.startswith(folder):
            try:
                _compare(path, whole=True)
            except LakeError as error:
                return error
    return None


def compare(name: str, data: bytes, start: int, size: int) -> None:
    """Compare what was read of a file, from byte `start` to its end, with the sums in its name.

    Raises:
        LakeError: Bytes have changed since the file was written.
    """
    found = _NAME.search(name)
    footer = _footer_at(data[-_TAIL:], size) if found else 0
    if found is None or footer < start:
        return
    if zlib.crc32(data[footer - start :]) != int(found["footer"], 16):
        raise _changed(name)
    if start == 0 and zlib.crc32(data[:footer]) != int(found["body"], 16):
        raise _changed(name)


def _compare(path: str, *, whole: bool) -> None:
    found = _NAME.search(path)
    assert found is not None
    try:
        with Path(path).open("rb", buffering=0) as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _TAIL))
            footer = _footer_at(file.read(), size)
            file.seek(footer)
            if zlib.crc32(file.read()) != int(found["footer"], 16):
                raise _changed(path)
            if whole:
                file.seek(0)
                total, left = 0, footer
                while left and (data := file.read(min(left, _CHUNK))):
                    total, left = zlib.crc32(data, total), left - len(data)
                if total != int(found["body"], 16):
                    raise _changed(path)
    except FileNotFoundError:
        return  # whoever reads it says so
    except OSError as error:
        if isinstance(error, LakeError):
            raise
        raise LakeError(f"{path}: {error.strerror or error}") from error


def _footer_at(tail: bytes, size: int) -> int:
    """Return where the footer begins; 0 if the last bytes cannot be those of a Parquet file."""
    return max(0, size - _TAIL - int.from_bytes(tail[:4], "little")) if tail[4:] == b"PAR1" else 0


def _changed(path: str) -> LakeError:
    of_run = "/run_id=" in path  # only then can an answer do without it
    return LakeError(
        f"{path}: its bytes have changed since it was written (a failing disk, a bad copy): bring the file back from a "
        f"copy of the lake{'; query, report and rescore leave its run out with --skip-unreadable' if of_run else ''}"
    )


class _Memory:
    """Which large files of a folder were compared on this machine within a day."""

    def __init__(self, files: Sequence[tuple[str, bool, _Seen]]) -> None:
        folder = os.path.commonpath([Path(path).parent for path, _, _ in files])
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        self._file = cache / "samples" / "compared" / f"{blake2b(folder.encode(), digest_size=8).hexdigest()}.json"
        self._known: dict[str, list[float]] = {}
        with contextlib.suppress(OSError, ValueError, TypeError, AttributeError):
            found = json.loads(self._file.read_bytes())
            self._known = {path: entry for path, entry in found.items() if time.time() - entry[-1] < _DAY}

    def knows(self, path: str, whole: bool, seen: _Seen) -> bool:
        return self._known.get(path, [])[:4] == [whole, *seen]

    def add(self, files: Sequence[tuple[str, bool, _Seen]]) -> None:
        self._known |= {path: [whole, *seen, time.time()] for path, whole, seen in files}
        mine = self._file.with_suffix(f".{os.getpid()}")
        with contextlib.suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            mine.write_text(json.dumps(self._known))
            mine.replace(self._file)
