"""Parts: what is finished of a unit that is not yet whole, so that a crash does not lose it.

A unit is held until its longest sample ends, which takes hours where others take minutes. While it is open for longer
than `SECONDS`, what finished since is written as a part, at most once in `SECONDS`. A part is a Parquet file in the
lake's folder `_unfinished`. No table names it, and no reader of tables looks there. Who does the unit next, in whatever
cut, does only the samples that no part has. When the unit is committed, its parts are removed; if the key may not
delete, they stay until vacuum.
"""

import io
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from samples.errors import LakeError
from samples.lake import checksums, patience
from samples.lake.parquet import ENCODINGS, leaf_columns
from samples.lake.storage import Location
from samples.lake.unnamed import UNFINISHED
from samples.runs.settings import digest
from samples.units.plan import Unit

FOLDER = UNFINISHED
SECONDS = 60.0

_MADE_BY = b"samples.made_by"
_NAME = re.compile(r"/(?P<start>\d+)-(?P<stop>\d+)-[0-9a-f]{16}\.[0-9a-f]{16}\.parquet$")


@dataclass(frozen=True)
class Parts:
    """The parts of one unit. `writer` is the run or scorer; a part that something else than `made_by` made is not used.

    A segment records one setup for all its samples (versions, hardware), so parts of another setup are of no use.
    """

    place: Location
    writer: str
    unit: Unit
    made_by: str

    def write(self, rows: pa.Table) -> str:
        """Write rows, which have a column sample_index, as one part. Return its path.

        Raises:
            LakeError: The store refused, or is away. It is not waited for.
        """
        leaves = leaf_columns(rows.schema)
        encoded = {name: encoding for name, encoding in ENCODINGS.items() if name in leaves}
        sink = io.BytesIO()
        pq.write_table(
            rows.replace_schema_metadata({_MADE_BY: self.made_by.encode()}),
            sink,
            compression="zstd",
            column_encoding=encoded,
            use_dictionary=False,
            write_page_checksum=True,
        )
        data = sink.getvalue()
        name = f"{self.unit.start}-{self.unit.stop}-{secrets.token_hex(8)}.{checksums.suffix(data)}.parquet"
        path = f"{self._folder}/{name}"
        with patience.of_a_courtesy():
            self.place.put(path, data)
        return path

    def read(self, schema: pa.Schema) -> tuple[pa.Table, list[str]]:
        """Return the rows of the unit that parts have, each index once, and the paths of parts of this unit alone.

        A part that is damaged or cannot be read counts as none: its samples are done again.
        """
        found: list[pa.Table] = []
        own: list[str] = []
        try:
            with patience.of_a_job():
                for path, size in self.place.list(self._folder):
                    name = _NAME.search(path)
                    if name is None or int(name["stop"]) <= self.unit.start or self.unit.stop <= int(name["start"]):
                        continue
                    if self.unit.start <= int(name["start"]) and int(name["stop"]) <= self.unit.stop:
                        own.append(path)
                    if (rows := self._opened(path, size, schema)) is not None:
                        found.append(rows)
        except LakeError:
            return schema.empty_table(), own
        rows = pa.concat_tables([schema.empty_table(), *found])
        index = rows["sample_index"].to_pylist()
        first = {one: row for row, one in reversed(list(enumerate(index))) if self.unit.start <= one < self.unit.stop}
        return rows.take(pa.array(sorted(first.values()), pa.int64())), own

    def _opened(self, path: str, size: int, schema: pa.Schema) -> pa.Table | None:
        data = self.place.get(path)
        try:
            checksums.compare(path, data or b"", 0, size)
            rows = pq.read_table(io.BytesIO(data or b""))
            if (rows.schema.metadata or {}).get(_MADE_BY, b"").decode() != self.made_by:
                return None
            rows = rows.select(schema.names).cast(schema)
        except (pa.ArrowException, OSError, LookupError, ValueError):
            return None
        return None if pc.call_function("any", [rows["sample_index"].is_null()]).as_py() else rows

    @property
    def _folder(self) -> str:
        return f"{FOLDER}/{self.writer}/{digest(self.unit.key)}"


def problems_with_parts(place: Location, writer: str) -> frozenset[str]:
    """Return the digests of the keys of problems that have parts. It takes one request for a thousand parts."""
    with patience.of_a_job():
        return frozenset(path.split("/")[-2] for path, _ in place.list(f"{FOLDER}/{writer}") if _NAME.search(path))


class Remover:
    """Removes parts of units that are committed, as long as the key may delete."""

    def __init__(self, place: Location) -> None:
        self._place, self._may = place, True

    def remove(self, paths: Iterable[str]) -> None:
        """Remove parts. What cannot be removed stays until vacuum."""
        for path in paths:
            if not self._may:
                return
            try:
                with patience.of_a_courtesy():
                    self._place.delete(path)
            except LakeError:
                self._may = False
