"""What a check finds, as rows."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass

import pyarrow as pa

from samples.query.rows import Rows

WRONG, NOTE = "wrong", "note"  # a note is nothing wrong: somebody may want to know it

COLUMNS = pa.schema(
    [
        pa.field("run", pa.string()),
        pa.field("table", pa.string()),
        pa.field("found", pa.string()),
        pa.field("way_out", pa.string()),
        pa.field("files", pa.int64()),
        pa.field("samples", pa.int64()),
        pa.field("level", pa.string()),
        pa.field("first", pa.string()),
    ]
)


ASK = "ask whoever keeps the lake for permission to read"


@dataclass(frozen=True)
class Finding:
    """One line: in a run and a table, what was found and what to do about it.

    `files` and `samples` count what is concerned, None where it is not counted. `first` is one of them.
    """

    run: str | None
    table: str
    found: str
    way_out: str
    files: int | None = None
    samples: int | None = None
    first: str | None = None
    level: str = WRONG


def rows(findings: Iterable[Finding], notes: Iterable[str] = ()) -> Rows:
    """Return findings as rows: what is wrong first, then by run and table. The same findings have the same order."""
    ordered = sorted(
        findings, key=lambda one: (one.level == NOTE, one.run or "", one.table, one.found, one.first or "")
    )
    return Rows(pa.Table.from_pylist([asdict(one) for one in ordered], schema=COLUMNS), tuple(notes))
