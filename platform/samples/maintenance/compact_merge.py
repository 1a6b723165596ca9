"""Merge the files of one job: read, write, compare, commit."""

import secrets
import tempfile
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

import duckdb
import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError

from samples.errors import LakeError
from samples.lake import reasons, stated
from samples.lake.log import added_files
from samples.lake.parquet import File
from samples.lake.tables import Tables
from samples.maintenance.compact_digest import Digest
from samples.maintenance.compact_file import LocalFile
from samples.maintenance.compact_jobs import Input, Job, goal
from samples.maintenance.compact_rows import Files, merged
from samples.query.strays import OF_SAMPLES
from samples.units import packed
from samples_schemas import SAMPLES

Commit = tuple[Sequence[Input], Sequence[File]]  # the files that were merged, and those in their place


@contextmanager
def _on_this_machine() -> Generator[Path]:
    """Make a folder for files that grow. Within the context, the lake's own errors are `LakeError` already.

    Raises:
        LakeError: The folder cannot be made, or the files in it cannot be written.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="samples-compact-") as folder:
            yield Path(folder)
    except LakeError:
        raise
    except (OSError, pa.ArrowException, duckdb.Error) as error:
        raise LakeError(
            f"compact: this machine's folder for temporary files cannot be used: {reasons.reason(error)}; "
            "set TMPDIR to a folder with room for some hundred MB"
        ) from error


@dataclass
class Merging:
    """Merges the files of a job. `tell` is called with the bytes that were read so far; `stop` says when to end."""

    lake: Tables
    job: Job
    tell: Callable[[int], None]
    stop: Callable[[], bool]
    _written: list[LocalFile] = field(default_factory=list[LocalFile], init=False)
    _inputs: list[Input] = field(default_factory=list[Input], init=False)

    def run(self) -> Iterator[Commit]:
        """Merge, and yield what each commit did. Files that another compaction has merged are left to it.

        Raises:
            LakeError: A file cannot be read or written, or what was written has not the rows that were read.
        """
        table, job = self.job.table, self.job
        with _on_this_machine() as folder, Files(self.lake, job) as files:
            open_file: LocalFile | None = None
            for rows, finished in merged(job, files):
                if self.stop():
                    return
                self._inputs += finished
                self.tell(files.read)
                if rows is not None:
                    open_file = open_file or LocalFile(table, folder / f"{secrets.token_hex(8)}.parquet")
                    open_file.add(rows)
                # Segments are whole where files end, and may be committed there. Other files are committed together.
                if open_file and open_file.size >= goal(table) and (finished or not job.segments):
                    self._finish(open_file, files)
                    open_file = None
                    if job.segments:
                        yield from self._commit(files)
            if open_file:
                self._finish(open_file, files)
            if self._written:
                yield from self._commit(files)

    def _finish(self, file: LocalFile, files: Files) -> None:
        file.finish(files.facts)
        files.facts = []
        self._written.append(file)

    def _commit(self, files: Files) -> Iterator[Commit]:
        job, name = self.job, self.job.table.name
        with Digest(job.table) as found:
            for file in self._written:
                found.add_file(file.path)
            (wrote, _), (read, _) = compared = found.take(), files.digest.take()
        if compared[0] != compared[1]:
            raise LakeError(
                f"lake {self.lake.uri}: merged files of table {name} have other rows than the files they are made of "
                f"({wrote:,} rows of {read:,}); nothing was committed: please report it, with {self._inputs[0].path}"
            )
        removed = [File(file.path, file.size, file.rows or 0, "") for file in self._inputs]
        if self._named(removed):  # else another compaction was first, and nothing need be written
            added = [
                self.lake.put_file(name, stem, file.path, file.rows, file.stats, job.partition)
                for stem, file in zip(self._stems(), self._written, strict=True)
            ]
            if self._replace(removed, added):
                yield self._inputs, added
        for file in self._written:
            file.path.unlink()
        self._written, self._inputs = [], []

    def _replace(self, removed: Sequence[File], added: Sequence[File]) -> bool:
        """Commit the new files in place of the old ones, unless another compaction has merged these."""
        while snapshot := self._named(removed):
            try:
                self.lake.swap(
                    self.job.table.name, self._placed(removed), self._placed(added), snapshot, same_rows=True
                )
            except CommitFailedError:
                continue  # another commit removed files: see whether they are ours
            return True
        return False

    def _placed(self, files: Sequence[File]) -> list[tuple[File, Mapping[str, str]]]:
        return [(file, self.job.partition) for file in files]

    def _named(self, files: Sequence[File]) -> DeltaTable | None:
        """Return the newest snapshot if it names all of these files."""
        snapshot = self.lake.delta(self.job.table.name)
        paths = {file.path for file in files}
        there = snapshot and paths <= {unquote(path) for path in added_files(snapshot)["path"].to_pylist()}
        return snapshot if there else None

    def _stems(self) -> Iterator[str]:
        """Yield the names of the written files: they state that no key is there twice, if that is known."""
        job = self.job
        before = 0 if job.whole and job.before is None else job.before
        known = before is not None and all(file.distinct for file in self._written)
        if job.table.name in {SAMPLES.name, *OF_SAMPLES}:  # else readers look no more for rows of samples nobody drew
            known = known and all(stated.states(file.path) for file in self._inputs)
        for file in self._written:
            if job.segments and file.distinct:
                yield packed.stem()
                continue
            yield stated.stem(secrets.token_hex(8), distinct=known, after=before or None)
            before = None if before is None else before + file.rows
