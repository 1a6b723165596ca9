"""Fingerprint a model's folder: the hash of every byte that an engine may read.

Fine-tuning may change a few weights of a tensor and keep every size, so nothing less than the whole content tells two
checkpoints apart. A file is hashed once and then known by device, inode, size and times, in a file of the user's cache.
A file that was written to in the last seconds is not remembered: a later write may leave its times as they are.

Cost: SHA-256 takes 1.7 GB/s on a core that has instructions for it, and pieces of a file are hashed on all cores, so
the storage decides. A model is read once more per machine and checkpoint, and its engine then finds it in memory. A
file that is known costs microseconds.
"""

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile

from samples.errors import ModelError

_PIECE = 32 << 20  # bytes hashed by one thread; part of what a fingerprint means
_SETTLED_NS = 5_000_000_000  # clocks of file servers differ by about a second, and some file systems count in seconds
_REMEMBERED = 10_000  # files
# What trainers and people put beside a model, and no engine reads.
_NOT_THE_MODEL = ("optimizer", "scheduler", "rng_state", "trainer_state", "training_args", "events.out", "scaler")
_DOCUMENTS = (".md", ".log", ".png", ".jpg", ".pdf")


def fingerprint(folder: Path, watch: Callable[[int, int], None] = lambda _done, _all: None) -> str:
    """Return 16 hex digits, the hash of the names and contents of a model's files.

    Files in folders within it, hidden files, documents and the state of a trainer do not count. `watch` is called with
    (bytes hashed, bytes to hash) while files are read.

    Raises:
        ModelError: A file cannot be read, or changes while it is read.
    """
    files = sorted(path for path in folder.iterdir() if path.is_file() and _counts(path.name))
    known = _Memory()
    stats = {path: _stat(path) for path in files}
    missing = [path for path in files if known.get(stats[path]) is None]
    total, done, lock = sum(stats[path].st_size for path in missing), 0, threading.Lock()

    def read(size: int) -> None:
        nonlocal done
        with lock:
            done += size
            watch(done, total)

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for path in missing:
            known.add(stats[path], _hash(path, stats[path], pool, read))
    state = sha256()
    for path in files:
        state.update(f"{path.name}\0{stats[path].st_size}\0{known.get(stats[path])}\0".encode())
    known.save()
    return state.hexdigest()[:16]


def _counts(name: str) -> bool:
    return not name.startswith((".", *_NOT_THE_MODEL)) and not name.lower().endswith(_DOCUMENTS)


def _stat(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error.strerror}") from error


def _hash(path: Path, before: os.stat_result, pool: ThreadPoolExecutor, read: Callable[[int], None]) -> str:
    """Hash a file's pieces in threads, and the hashes of the pieces in their order."""

    def piece(start: int) -> bytes:
        with path.open("rb", buffering=0) as file:
            file.seek(start)
            state, left = sha256(), _PIECE
            buffer = memoryview(bytearray(1 << 20))
            while left and (size := file.readinto(buffer[: min(left, len(buffer))])):
                state.update(buffer[:size])
                left -= size
                read(size)
        return state.digest()

    try:
        pieces = list(pool.map(piece, range(0, before.st_size, _PIECE)))
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error.strerror}") from error
    if _key(_stat(path)) != _key(before):
        raise ModelError(f"{path}: changed while it was read; wait until the checkpoint is complete")
    return sha256(b"".join(pieces)).hexdigest()


def _key(stat: os.stat_result) -> str:
    """Return what a file is known by. No program can set the time of the last change of its entry (ctime)."""
    return f"{stat.st_dev}:{stat.st_ino}:{stat.st_size}:{stat.st_mtime_ns}:{stat.st_ctime_ns}"


class _Memory:
    """The hashes of files seen before, kept in the user's cache. Without a cache every file is hashed each time."""

    def __init__(self) -> None:
        cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        self._file = Path(cache) / "samples" / "fingerprints-1.json"
        self._kept = dict(self._read())
        self._hashes: dict[str, str] = dict(self._kept)
        self._added = False

    def get(self, stat: os.stat_result) -> str | None:
        """Return a file's hash if it is known."""
        return self._hashes.get(_key(stat))

    def add(self, stat: os.stat_result, value: str) -> None:
        """Remember a hash: for this call, and for later ones if the file is settled."""
        self._hashes[_key(stat)] = value
        if time.time_ns() - max(stat.st_mtime_ns, stat.st_ctime_ns) > _SETTLED_NS:
            self._kept[_key(stat)] = value
            self._added = True

    def save(self) -> None:
        """Write what was added. Of two processes at once the second wins; what is lost is hashed again."""
        if not self._added:
            return
        kept = dict(self._read()) | self._kept
        newest = dict(list(kept.items())[-_REMEMBERED:])
        with suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with NamedTemporaryFile("w", dir=self._file.parent, prefix=".fingerprints-", delete=False) as part:
                json.dump(newest, part)
            Path(part.name).replace(self._file)

    def _read(self) -> Iterator[tuple[str, str]]:
        with suppress(OSError, ValueError, AttributeError):
            for key, value in json.loads(self._file.read_text("utf-8")).items():
                if isinstance(value, str):
                    yield key, value
