"""Go on without the runs of which a file cannot be read, and say which they are and why."""

from collections.abc import Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from samples.errors import LakeError, NotFound, StoreAway
from samples.lake import checksums
from samples.lake.files import path_within, snapshot_files
from samples.lake.storage import Location
from samples.lake.tables import Tables
from samples.query import lost
from samples.runs.run import every
from samples_schemas import TABLES

_AT_ONCE = 16  # files
_END = 1 << 20  # bytes of a file on an object store that are read


def readable(lake: Tables, tables: Iterable[str]) -> tuple[Tables, tuple[str, ...]]:
    """Return the lake without the runs whose rows in these tables cannot all be read, and a note for each of them.

    Raises:
        LakeError: No run is left, or the table of runs cannot be read.
    """
    names = {run.run_id: run.name for run in every(lake)}
    files = {name: snapshot_files(lake, TABLES[name]) for name in tables if "run_id" in TABLES[name].partition_by}
    asked = [(name, file) for name, some in files.items() for file in some]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        said = pool.map(
            lambda one: wrong(lake.place, f"{one[0]}/{path_within(lake, *one)}", one[1].size),
            asked,
        )
        found = {file.partition["run_id"]: reason for (_, file), reason in zip(asked, said, strict=True) if reason}
    engines = {run.run_id: run.engine for run in every(lake)}
    files = lost.compared(lake, files)
    found = lost.unknown(lake, files, engines) | lost.runs(lake, files, engines) | found
    if found and not names.keys() - found.keys():
        raise LakeError(f"no run can be read: {next(iter(found.values()))}")
    notes = tuple(f"run {names.get(run, run)} is left out: {reason}" for run, reason in sorted(found.items()))
    return lake.without(found), notes


@contextmanager
def told(skipped: Iterable[str]) -> Generator[None]:
    """Let an error about a run that is not there say which runs were left out, and why: `skipped` are their notes."""
    try:
        yield
    except NotFound as error:
        raise NotFound("; ".join([str(error), *skipped])) from error


def wrong(place: Location, path: str, size: int) -> str | None:
    """Return what is wrong with one file of a lake of this size in bytes; None if it can be read.

    `path` is relative to the lake's folder. A local file is compared with its checksums, of one on an object store the
    last megabyte is.

    Raises:
        StoreAway: The store does not answer, so nothing is known of the file.
    """
    where, start = f"{place.uri}/{path}", max(0, size - _END)
    try:
        if not place.is_local:
            end = place.read(path, start, size)
            checksums.compare(where, end, start, size)
        elif (found := Path(where).stat().st_size) != size:
            return f"{where}: has {found:,} bytes, and {size:,} by the log of its table"
        else:
            checksums.verify([where])
            with Path(where).open("rb") as file:
                file.seek(start)
                end = file.read()
    except StoreAway:
        raise
    except FileNotFoundError:
        return f"{where}: the file is gone"
    except OSError as error:  # a LakeError is one
        return str(error)
    return None if end[-4:] == b"PAR1" else f"{where}: is no whole Parquet file"
