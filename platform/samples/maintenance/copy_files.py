"""Copy the files of one run in one table, and commit them at the target."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake.exceptions import CommitFailedError

from samples.errors import LakeError
from samples.lake import checksums
from samples.lake.log import named_files
from samples.lake.parquet import File
from samples.lake.storage import explained
from samples.lake.tables import Tables, folder
from samples.lines import size_of
from samples.maintenance.copy_compare import are_whole
from samples.maintenance.of_run import Named
from samples_schemas import Table

_AT_ONCE = 4  # files in memory; a file has up to 256 MB


@dataclass
class Copying:
    """How far a copy is."""

    total: int  # bytes
    watch: Callable[[str], None]
    of: str = ""  # name of the run
    files: int = field(default=0, init=False)
    size: int = field(default=0, init=False)  # bytes copied
    there: int = field(default=0, init=False)  # bytes that were there
    _began: float = field(default_factory=time.monotonic, init=False)

    @property
    def seconds(self) -> float:
        """Seconds since the copy began."""
        return max(time.monotonic() - self._began, 1e-3)

    def add(self, size: int, *, copied: bool) -> None:
        """Count a file."""
        if copied:
            self.files, self.size = self.files + 1, self.size + size
        else:
            self.there += size
        done, rate = self.size + self.there, self.size / self.seconds
        left = f", {(self.total - done) / rate:,.0f} s left" if rate > 0 else ""
        self.watch(f"copying {self.of}: {size_of(done)} of {size_of(self.total)}, {size_of(int(rate))}/s{left}")


def copy_files(
    source: Tables, target: Tables, table: Table, run_id: str, files: Sequence[Named], copying: Copying
) -> None:
    """Copy files of a run that the target lacks or has damaged, then let its table name them, and no other of the run.

    Raises:
        LakeError: A file is damaged, or a lake cannot be read or written.
    """
    if not files:
        return
    there: dict[str, int] = {}
    for partition in {folder(table, values) for _, values in files}:
        there |= dict(target.place.list(f"{table.name}/{partition}"))

    def copy(file: File) -> tuple[int, bool]:
        path = f"{table.name}/{file.path}"
        if there.get(path) == file.size and checksums.is_ours(path) and are_whole(target.place, [path]):
            return file.size, False
        data = source.place.read(path, 0, file.size)
        _require_whole(f"{source.uri}/{path}", data, file)
        target.place.put(path, data)
        return file.size, True

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for size, copied in pool.map(copy, (file for file, _ in files)):
            copying.add(size, copied=copied)
    _commit(target, table, run_id, files)


def _commit(target: Tables, table: Table, run_id: str, files: Sequence[Named]) -> None:
    """Let a table name these files of a run. A copy that was broken off may have named others."""
    wanted = {file.path for file, _ in files}
    while True:
        claim = target.claim(table.name, run_id)
        named = [one for one in named_files(table, claim.snapshot) if one[1]["run_id"] == run_id]
        known = {file.path for file, _ in named}
        removed = [one for one in named if one[0].path not in wanted]
        added = [one for one in files if one[0].path not in known]
        if not removed and not added:
            return
        try:
            target.swap(table.name, removed, added, claim)
        except CommitFailedError:
            continue
        return


def _require_whole(where: str, data: bytes, file: File) -> None:
    """Check the bytes of a file: their number, and the checksums in its name or, without these, its footer."""
    if len(data) != file.size:
        raise LakeError(f"{where}: has {len(data):,} bytes, and {file.size:,} by the log of its table")
    checksums.compare(where, data, 0, file.size)
    with explained(where):
        found = pq.ParquetFile(pa.BufferReader(data)).metadata.num_rows
    if file.rows and found != file.rows:
        raise LakeError(f"{where}: has {found:,} rows, and {file.rows:,} by the log of its table")
