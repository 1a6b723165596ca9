"""Which files repeat no key: their names state it, and the log's ranges show the rest.

A file whose name begins with `rows-HEX` holds no key twice. With `rows-HEX-after-N` it holds none of the keys of the N
rows, either, that its partition had when it was committed: its writer compared them. A segment, `unit-…`, holds one
attempt at one range of samples, and `units-…` holds several such attempts, which no other file has. Nothing is known of
any other file. So the names show that somebody copied a file or appended its rows again, and readers then look for the
rows that are there twice.
"""

import re
from collections.abc import Sequence
from functools import reduce
from itertools import pairwise
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from samples_schemas import Table

_NAME = re.compile(
    r"(?:rows-[0-9a-f]{16}(?:-after-(?P<after>\d+))?|(?P<unit>unit-[0-9a-f]{16}-\d+-\d+-[0-9a-f]{16}|units-[0-9a-f]{16}))\."
)


class Facts(NamedTuple):
    """What the log says of one file: its path, its number of rows, and the ranges of some of its columns."""

    path: str
    rows: int | None
    ranges: tuple[tuple[Any, Any], ...]


def stem(token: str, *, distinct: bool, after: int | None) -> str:
    """Return the name, without its end, of a new file: `distinct` says that it holds no key twice."""
    return (f"rows-{token}" if after is None else f"rows-{token}-after-{after}") if distinct else f"part-{token}"


def states(path: str) -> bool:
    """Return whether a file's name states anything: then Samples wrote it, of rows that Samples wrote."""
    return _NAME.search(path.rpartition("/")[2]) is not None


def after(path: str) -> int | None:
    """Return the N of a file `rows-HEX-after-N`; None if its name states none."""
    found = _NAME.search(path.rpartition("/")[2])
    return int(found["after"]) if found and found["after"] else None


def is_distinct(table: Table, rows: pa.Table) -> bool:
    """Return whether rows of one partition, sorted as the table's files are, hold no key twice."""
    names = [name for name in table.key if name in rows.column_names]
    sorted_by = [name for name in table.sort_by if name in names]
    if rows.num_rows <= 1 or (sorted_by and not _neighbours_equal(rows.select(sorted_by))):
        return True
    return rows.select(names).group_by(names).aggregate([]).num_rows == rows.num_rows


def once(table: Table, rows: pa.Table) -> pa.Table:
    """Return the first row of each key, if the rows have the key's columns."""
    if not set(table.key) <= set(rows.column_names):
        return rows
    numbered = rows.select(table.key).append_column("#", pa.array(range(rows.num_rows), pa.int64()))
    first = numbered.group_by(table.key, use_threads=False).aggregate([("#", "min")])["#_min"]
    return rows if len(first) == rows.num_rows else rows.take(first)


def _neighbours_equal(rows: pa.Table) -> bool:
    """Return whether some row equals the row before it."""
    equal = [pc.call_function("equal", [column.slice(1), column.slice(0, len(column) - 1)]) for column in rows.columns]
    both = reduce(lambda one, other: pc.call_function("and", [one, other]), equal)
    return bool(pc.call_function("any", [both]).as_py())


def repeats_no_key(files: Sequence[Facts]) -> bool:
    """Return whether it is known that no key is in the files of one partition twice."""
    found = [_NAME.search(file.path.rpartition("/")[2]) for file in files]
    if not all(found) or any(file.rows is None for file in files):
        return False
    rows = [(file, name) for file, name in zip(files, found, strict=True) if name and not name["unit"]]
    if len(rows) < len(files):
        return not rows
    first = [file for file, name in rows if name["after"] is None]
    there = sum(file.rows or 0 for file in first)
    for after, count in sorted((int(name["after"]), file.rows or 0) for file, name in rows if name["after"]):
        if after != there:
            return False
        there += count
    return len(first) <= 1 or any(_apart(column) for column in zip(*(file.ranges for file in first), strict=True))


def _apart(ranges: Sequence[tuple[Any, Any]]) -> bool:
    """Return whether no range of a column meets another."""
    if any(None in pair for pair in ranges):
        return False
    return all(before[1] < after[0] for before, after in pairwise(sorted(ranges)))
