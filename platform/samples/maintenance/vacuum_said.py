"""Say what a vacuum deletes, what stays, and which versions can no longer be read."""

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from samples.lake import leases
from samples.lake.hidden import Hidden
from samples.lines import size_of
from samples.maintenance.vacuum_find import YOUNG, Leftover
from samples.query.rows import Rows

_LEFT = "a note that an ended program left"
_COLUMNS = pa.schema(
    [
        pa.field("table", pa.string()),
        pa.field("run", pa.string()),
        pa.field("why", pa.string()),
        pa.field("files", pa.int64()),
        pa.field("bytes", pa.int64()),
    ]
)


@dataclass(frozen=True)
class Vacuum:
    """What a vacuum deletes, or would delete.

    `rows` has a row for each table, run and reason: table, run, why, files, bytes. `loses` has the oldest version of
    each table that can be read afterwards, where that changes, and `until` the time up to which the lake can no longer
    be read. `kept` says what stays although no version names it.
    """

    rows: Rows
    loses: Mapping[str, int]
    until: datetime | None
    kept: Sequence[str]
    done: bool

    @property
    def files(self) -> int:
        """The number of files."""
        return sum(self.rows.table["files"].to_pylist())

    @property
    def size(self) -> int:
        """Their bytes."""
        return sum(self.rows.table["bytes"].to_pylist())

    def __iter__(self) -> Iterator[str]:
        """Yield what a person must know, line by line."""
        if self.loses:
            first = ",".join(f"{name}:{version}" for name, version in sorted(self.loses.items()))
            until = f"{self.until:%Y-%m-%dT%H:%M:%S}" if self.until else ""
            yield f"--at {'loses' if not self.done else 'lost'} the versions before {first}, and times before {until}"
        yield from self.kept
        what = f"{self.files:,} files, {size_of(self.size)}"
        if not self.files:
            yield "nothing to delete"
        elif self.done:
            yield f"deleted {what}"
        else:
            yield f"would delete {what}; nothing was deleted: --yes does it"


def rows(names: Mapping[str, str], going: Iterable[Leftover], notes: Sequence[str]) -> Rows:
    """Return a row for each table, run and reason. `names` has the names of runs by their ids."""
    files: Counter[tuple[str, str | None, str]] = Counter()
    size: Counter[tuple[str, str | None, str]] = Counter()
    for one in going:
        what = one.table, names.get(one.run_id, one.run_id) if one.run_id else None, one.why
        files[what] += 1
        size[what] += one.size
    rows = [(*what, files[what], size[what]) for what in files]
    rows += [(f"{leases.FOLDER}/", None, _LEFT, len(notes), 0)] if notes else []
    return Rows(pa.Table.from_pylist([dict(zip(_COLUMNS.names, row, strict=True)) for row in rows], schema=_COLUMNS))


def kept(found: Iterable[Leftover]) -> Iterator[str]:
    """Yield a line for each reason why files stay."""
    files: Counter[str] = Counter()
    size: Counter[str] = Counter()
    for one in found:
        if not one.goes:
            files[one.why] += 1
            size[one.why] += one.size
    for why, count in files.items():
        more = "; a driver may still commit what is younger than 7 days, unless --nobody-writes" if why == YOUNG else ""
        yield f"kept {count:,} files, {size_of(size[why])}: {why}{more}"


def unfinished(note: Hidden, runs: Container[str]) -> str:
    """Return the line about a dropped run of which tables still name files. `runs` has the names of the lake's runs."""
    which = note.run_id if note.name in runs else note.typed  # a drop by this name would drop the other run
    return f"tables still name files of run {note.name}, which was dropped: `samples drop {which}` finishes that"
