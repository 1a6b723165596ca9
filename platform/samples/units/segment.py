"""Write the segment of one unit, and make the receipt that the driver gets for it.

A segment is one Parquet file of a heavy table, complete or absent. Its footer holds the unit's rows of the narrow
table, the facts. If a driver dies before it commits a segment, the next driver can therefore commit it. A receipt is
what the driver needs to commit the unit: the file's path, and the same facts. Tokens never leave the replica.

A segment may have a companion: a file of another table with one row for each of its samples. It is written first, and
the segment's footer names it. So where there is a complete segment, there is its companion.
"""

import base64
import json
import re
import secrets
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from samples.errors import SamplesError, StoreAway, first_line_and_class
from samples.lake import checksums, parquet
from samples.lake.parquet import File
from samples.lake.tables import Tables, folder
from samples.runs.settings import digest
from samples.runs.setups import NOT_KNOWN
from samples.units.plan import Unit
from samples_schemas import TOP_LOGPROBS, Table

_FACTS = b"samples.facts"
_DRAWN_BY = b"samples.drawn_by"
_COMPANION = b"samples.companion"
_LOGPROBS = "token_logprobs"  # the column of a heavy table whose non-finite values are counted
_NAME = re.compile(
    r"unit-(?P<problem>[0-9a-f]{16})-(?P<start>\d+)-(?P<stop>\d+)-(?P<attempt>[0-9a-f]{16})(?:\.[0-9a-f]{16})?\.parquet$"
)


Record = Callable[[Tables, Collection[str]], None]


def record_nothing(lake: Tables, drawn_by: Collection[str]) -> None:
    """Record nothing of what did some units."""


@dataclass(frozen=True)
class Target:
    """Where the units of a run or a scorer go: a heavy table, and a narrow one that says which samples are there.

    Commits under one `writer` (the id of the run or scorer) exclude each other. `parts` are the partition values that
    all units share. `record` is called with what did some units (JSON texts), before they are committed. `companion` is
    the table of segments' companions; its partition column scorer_id holds the writer.
    """

    heavy: Table
    narrow: Table
    writer: str
    parts: Mapping[str, str]
    record: Record = record_nothing
    companion: Table = TOP_LOGPROBS

    def partition(self, run_id: str) -> dict[str, str]:
        """Return the partition values of a unit of this run; "" is the only run."""
        return {**self.parts, **({"run_id": run_id} if run_id else {})}

    def companion_partition(self, run_id: str) -> dict[str, str]:
        """Return the partition values of the companion of a unit of this run; "" is the only run."""
        values = {**self.partition(run_id), "scorer_id": self.writer}
        return {column: values[column] for column in self.companion.partition_by}


@dataclass(frozen=True)
class Receipt:
    """One complete segment.

    `facts` holds rows of the narrow table; `nonfinite` counts NaN and infinite log-probs; `drawn_by` is JSON: what did
    it, {} if that is not known. `companion` is the segment's companion, if it has one. `kept` counts the samples and
    tokens that parts of the unit had, and `parts` are the paths of its parts, see `samples.units.parts`.
    """

    unit: Unit
    file: File
    facts: pa.Table
    nonfinite: int
    drawn_by: str = NOT_KNOWN
    companion: File | None = None
    kept: tuple[int, int] = (0, 0)
    parts: tuple[str, ...] = ()


@dataclass(frozen=True)
class GivenBack:
    """What comes in place of a receipt if a unit was done and could not be written. It is planned again."""

    why: StoreAway


def written(where: str, write: Callable[[], Receipt]) -> Receipt | GivenBack:
    """Return the receipt of a unit that is done and written, or the unit given back if the store stays away.

    Another replica may reach the store. `where` says in an error which samples it is about.

    Raises:
        SamplesError: The unit cannot be done or written, and no other could be.
    """
    try:
        return write()
    except StoreAway as error:
        return GivenBack(error)
    except SamplesError:
        raise
    except Exception as error:
        raise SamplesError(f"{where}: {first_line_and_class(error)}") from error


def new_attempt() -> str:
    """Return the id of a new attempt at a unit."""
    return secrets.token_hex(8)


def write(
    lake: Tables,
    target: Target,
    unit: Unit,
    facts: pa.Table,
    payload: pa.Table,
    drawn_by: Mapping[str, Any] | None = None,
    companion: pa.Table | None = None,
) -> Receipt:
    """Write one unit as one segment.

    `facts` and `payload` are its rows of the narrow and the heavy table, in the order of sample indices and of one
    attempt. `drawn_by` is kept in the footer, as JSON under the key samples.drawn_by. `companion` holds as many rows of
    the companion's table.

    Raises:
        LakeError: The segment could not be written. Readers see nothing of it.
    """
    facts = facts.select(target.narrow.file_schema.names).cast(target.narrow.file_schema)
    said = json.dumps(drawn_by, sort_keys=True) if drawn_by else NOT_KNOWN
    footer = {_FACTS: base64.b64encode(_ipc(facts)), _DRAWN_BY: said.encode()}
    stem = f"unit-{digest(unit.key)}-{unit.start}-{unit.stop}-{facts['attempt'][0].as_py()}"
    beside = None
    if companion is not None:
        beside = lake.put_as(target.companion.name, stem, companion, target.companion_partition(unit.run_id))
        footer[_COMPANION] = json.dumps({"path": beside.path, "size": beside.size}).encode()
    file = lake.put_as(target.heavy.name, stem, payload, target.partition(unit.run_id), footer)
    return Receipt(unit, file, facts, _nonfinite(payload[_LOGPROBS]), said, beside)


def found(
    lake: Tables, target: Target, run_id: str = "", since: datetime | None = None
) -> Iterator[tuple[str, int, str, int, int]]:
    """Yield (path, size, digest of the unit's key, start, stop) of every segment of a run, committed or not.

    With `since` those written before are left out.
    """
    heavy = target.heavy.name
    for path, size, at in lake.place.objects(f"{heavy}/{folder(target.heavy, target.partition(run_id))}"):
        if (name := _NAME.search(path)) and (since is None or at >= since):
            yield path.removeprefix(f"{heavy}/"), size, name["problem"], int(name["start"]), int(name["stop"])


def attempt_of(path: str) -> str:
    """Return the attempt that a segment holds; its path says it."""
    name = _NAME.search(path)
    assert name, f"{path} is no segment"
    return name["attempt"]


def reopen(lake: Tables, target: Target, path: str, size: int, run_id: str = "") -> Receipt | None:
    """Read a segment's receipt back from its footer, and its log-probs to count the non-finite ones.

    None if the segment or its companion is not complete: a machine that loses its power may leave a part of a file.
    """
    data = lake.place.get(f"{target.heavy.name}/{path}")
    try:
        checksums.compare(path, data or b"", 0, size)
        file = pq.ParquetFile(pa.BufferReader(data))
        footer = file.metadata.metadata
        facts, drawn_by = facts_in(footer)
        logprobs = file.read([_LOGPROBS])[_LOGPROBS]
        companion = _companion(lake, target, json.loads(footer[_COMPANION]), facts) if _COMPANION in footer else None
    except (pa.ArrowException, OSError, TypeError, LookupError, ValueError):
        return None
    index = facts["sample_index"]
    unit = Unit(facts["problem_id"][0].as_py(), index[0].as_py(), index[-1].as_py() + 1, run_id)
    stored = File(path, size, facts.num_rows, parquet.stats(facts))
    return Receipt(unit, stored, facts, _nonfinite(logprobs), drawn_by, companion)


def facts_in(footer: Mapping[bytes, bytes]) -> tuple[pa.Table, str]:
    """Return a segment's rows of the narrow table, and what did it, from the metadata of its footer.

    Raises:
        LookupError: It is no segment's footer.
    """
    packed = pa.BufferReader(base64.b64decode(footer[_FACTS]))
    facts = pa.ipc.open_stream(pa.CompressedInputStream(packed, "zstd")).read_all()
    return facts, footer.get(_DRAWN_BY, NOT_KNOWN.encode()).decode()


def has_facts(footer: Mapping[bytes, bytes]) -> bool:
    """Return whether a footer is that of a segment; companions of segments have none of its facts."""
    return _FACTS in footer


def is_segment(path: str) -> bool:
    """Return whether a file is a segment; its name says it."""
    return _NAME.search(path) is not None


def _companion(lake: Tables, target: Target, said: Mapping[str, Any], facts: pa.Table) -> File:
    """Return the companion that a footer names, with a row for each of the facts.

    Raises:
        OSError: It is not complete.
    """
    path, size = said["path"], said["size"]
    checksums.compare(path, lake.place.get(f"{target.companion.name}/{path}") or b"", 0, size)
    return File(path, size, facts.num_rows, parquet.stats(facts))


def lists(arrays: Sequence[np.ndarray], kind: Any) -> pa.ListArray:
    """Return arrays as one Arrow array of lists of numpy type `kind`, without copies of single values."""
    offsets = np.zeros(len(arrays) + 1, np.int32)
    np.cumsum([len(array) for array in arrays], out=offsets[1:])
    values = np.concatenate(arrays).astype(kind, copy=False) if arrays else np.empty(0, kind)
    return pa.ListArray.from_arrays(offsets, pa.array(values))


def _nonfinite(logprobs: pa.ChunkedArray) -> int:
    values = logprobs.combine_chunks().flatten().to_numpy(zero_copy_only=False)
    return int(np.count_nonzero(~np.isfinite(values)))


def _ipc(table: pa.Table) -> bytes:
    # Compressed as a whole, because the schema and the padding of many short columns are larger than their content.
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as packed, pa.ipc.new_stream(packed, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()
