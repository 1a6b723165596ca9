"""Files that hold the rows of many segments, as `samples compact` writes them.

Such a file keeps what the footers of its segments held: their rows of the narrow table, and what drew them. They lie
between its last row group and its footer, as a Parquet file of their own, so that no reader of rows and no footer is
burdened with them. The footer says how many bytes they have.

The segments themselves stay in the storage until vacuum. No table names them any more, and their rows are there. So
whoever lists segments asks here which attempts are in files like these.
"""

import io
import re
import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import DeltaTable

from samples.lake.datasets import equal
from samples.lake.files import Selection, path_within, snapshot_files
from samples.lake.parquet import File
from samples.lake.storage import Location, explained
from samples.lake.tables import Tables
from samples.units.plan import Unit
from samples.units.segment import Receipt, Target, is_segment
from samples_schemas import Table

_NAME = re.compile(r"units-[0-9a-f]{16}\.[0-9a-f]{16}\.parquet$")
_BYTES = b"samples.units"  # key in the footer: how many bytes of facts lie before it
_DRAWN_BY = "drawn_by"
_TAIL = 8  # bytes after the footer: its length, and PAR1


def stem() -> str:
    """Return the name, without its checksums, of a new file."""
    return f"units-{secrets.token_hex(8)}"


def is_packed(path: str) -> bool:
    """Return whether a file holds the rows of many segments; its name says it."""
    return _NAME.search(path) is not None


def with_drawn_by(facts: pa.Table, drawn_by: str) -> pa.Table:
    """Return facts with what drew them, as they are packed."""
    rows = pa.array([0] * facts.num_rows, pa.int32())
    return facts.append_column(_DRAWN_BY, pa.DictionaryArray.from_arrays(rows, pa.array([drawn_by], pa.string())))


def together(facts: Sequence[pa.Table]) -> pa.Table:
    """Return the facts of many segments as one table, which takes a tenth of the memory. Dictionaries become one."""
    return pa.concat_tables(facts).unify_dictionaries().combine_chunks()


def pack(facts: pa.Table) -> tuple[bytes, dict[bytes, bytes]]:
    """Return facts as the bytes that lie before a footer, and what the footer says of them."""
    sink = io.BytesIO()
    facts = facts.sort_by([("problem_id", "ascending"), ("sample_index", "ascending")])
    pq.write_table(facts, sink, compression="zstd", write_page_checksum=True)
    return sink.getvalue(), {_BYTES: str(sink.tell()).encode()}


def unpack(place: Location, path: str, size: int, metadata: pq.FileMetaData) -> pa.Table | None:
    """Return the facts that a file holds, with what drew them; None if it holds none.

    Raises:
        LakeError: They cannot be read.
    """
    count = int((metadata.metadata or {}).get(_BYTES, b"0"))
    if not count:
        return None
    stop = size - _TAIL - metadata.serialized_size
    data = place.read(path, stop - count, stop)
    with explained(f"{place.uri}/{path}"):
        facts = pq.read_table(pa.BufferReader(data), page_checksum_verification=True)
    at, said = facts.schema.get_field_index(_DRAWN_BY), facts[_DRAWN_BY]
    return facts if pa.types.is_dictionary(said.type) else facts.set_column(at, _DRAWN_BY, said.dictionary_encode())


def attempts(
    lake: Tables, table: Table, snapshot: DeltaTable | None, partition: Mapping[str, str], skip: Collection[str] = ()
) -> set[str]:
    """Return the attempts whose rows are in files of a partition of a table's snapshot that are no segments.

    Another tool that merged segments gave these files names of its own. Files in `skip` are not opened.

    Raises:
        LakeError: A file cannot be read.
    """
    if snapshot is None or not (paths := {path for path, _ in _files(lake, table, snapshot, partition, skip)}):
        return set()
    found: set[str] = set()
    with explained(lake.uri):
        rows: Any = lake.dataset_of(table.name, snapshot, paths)
        for batch in rows.to_batches(columns=["attempt"], filter=equal(partition)):
            found.update(pc.call_function("unique", [batch["attempt"]]).to_pylist())
    return found


def receipts(lake: Tables, target: Target, without: Collection[str], skip: Collection[str] = ()) -> Iterator[Receipt]:
    """Yield a receipt for each segment of the target's only run that is packed, but for the attempts `without`.

    Files in `skip` are not opened.

    Raises:
        LakeError: A file cannot be read.
    """
    partition = target.partition("")
    if (snapshot := lake.delta(target.heavy.name)) is None:
        return
    for path, size in _files(lake, target.heavy, snapshot, partition, skip):
        whole = f"{target.heavy.name}/{path}"
        filesystem = lake.place.filesystem(target.heavy.name, {path: size})
        with explained(f"{lake.uri}/{whole}"), filesystem.open_input_file(path) as opened:
            facts = unpack(lake.place, whole, size, pq.ParquetFile(opened).metadata)
        if facts is None:
            continue
        for attempt in facts["attempt"].unique().to_pylist():
            if attempt not in without:
                rows = facts.filter(pc.call_function("equal", [facts["attempt"], attempt]))
                index = rows["sample_index"]
                unit = Unit(rows["problem_id"][0].as_py(), index[0].as_py(), index[-1].as_py() + 1)
                narrow = rows.select(target.narrow.file_schema.names).cast(target.narrow.file_schema)
                yield Receipt(unit, File(path, size, rows.num_rows, ""), narrow, 0, rows[_DRAWN_BY][0].as_py())


def _files(
    lake: Tables, table: Table, snapshot: DeltaTable, partition: Mapping[str, str], skip: Collection[str]
) -> list[tuple[str, int]]:
    """Return path and size of the files of a partition that are no segments."""
    some = snapshot_files(lake, table, Selection(), snapshot)
    here = [file for file in some if partition.items() <= file.partition.items()]
    paths = [(path_within(lake, table.name, file), file.size) for file in here]
    return [(path, size) for path, size in paths if not is_segment(path) and path not in skip]
