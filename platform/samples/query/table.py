"""Lay out rows as lines of text that fit a width.

A value that all rows share stands once above them. Numbers are never cut, nor are words without blanks, such as ids. A
longer text is cut if there is no room for it, and ends in …. Columns that still do not fit are left out, and the caller
says so. Without a width, nothing is cut or left out. Lines come in blocks, so that the first do not wait for the last.

Polars prints a frame too, but it passes on escape sequences, and says neither what rows share nor what it left out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
from pyarrow import types

from samples.lines import printable
from samples.query.cells import CUT, cut, texts, widest, width
from samples.query.plain import Column, blocks, compute, is_nested, is_number, plain

GAP = "  "
_BLOCK = 4096  # rows at once
_LONG = 48  # a word up to this length, or up to half the width, may be an id and is not cut
_LEAST = 12  # columns of a terminal that a cut text keeps at least
_HEADING = 24  # a heading is cut if it is longer than this and than its values
_APART = 100  # without a width, values are padded to no more than this


@dataclass
class _Column:
    """One column. Its widest value takes `natural` columns of a terminal, and it may be made as narrow as `least`.

    `cutting` says whether values may be cut, `given` how wide the column becomes, `right` on which side values end.
    """

    name: str
    heading: str
    right: bool
    natural: int
    least: int
    cutting: bool
    given: int = 0

    def place(self, cells: list[str]) -> list[str]:
        """Bring values to the column's width: pad shorter ones, cut longer texts."""
        room = self.given
        if all(map(str.isascii, cells)):
            if self.cutting and max(map(len, cells), default=0) > room:
                cells = [cell if len(cell) <= room else cell[: room - 1] + CUT for cell in cells]
            return [cell.rjust(room) for cell in cells] if self.right else [cell.ljust(room) for cell in cells]
        if self.cutting:
            cells = [cut(cell, room) for cell in cells]
        return [cell + " " * (room - width(cell)) for cell in cells]


class Table:
    """Rows laid out for a terminal of `room` columns, or for a file or pipe (None).

    `above` are lines that say what all rows share, `left_out` names the columns that do not fit, and `cut` says whether
    texts were cut.
    """

    def __init__(self, rows: pa.Table, room: int | None, above: Sequence[str] = ()) -> None:
        self.above = tuple(above)
        self._room = room
        measured = [_measured(name, rows[name], room) for name in rows.column_names]
        self._columns = measured if room is None else _fitting(measured, room)
        if room is None:
            for column in measured:
                column.given = min(column.natural, max(_APART, width(column.heading)))
        there = {column.name for column in self._columns}
        self._rows = rows.select([column.name for column in self._columns])
        self.left_out = tuple(name for name in rows.column_names if name not in there)
        self.cut = any(column.given < column.natural for column in self._columns) and room is not None

    @property
    def heading(self) -> str:
        """The columns' names."""
        placed = [column.place([cut(column.heading, column.given)])[0] for column in self._columns]
        return GAP.join(placed).rstrip()

    def blocks(self) -> Iterator[list[str]]:
        """Yield the rows' lines, some thousands at a time."""
        for block in blocks(self._rows, _BLOCK):
            placed = [
                column.place(texts(values, self._room))
                for column, values in zip(self._columns, block.columns, strict=True)
            ]
            yield [GAP.join(line).rstrip() for line in zip(*placed, strict=True)]


def laid_out(shown: pa.Table, whole: pa.Table, room: int | None) -> Table:
    """Lay out some rows of the whole. A single row that does not fit becomes one line for each column."""
    once = shared(whole, room)
    said = [f"{printable(name, lines=False)}: {value or '-'}" for name, value in once.items()]
    table = Table(shown.drop_columns(list(once)), room, _packed(said, room))
    if whole.num_rows == shown.num_rows == 1 and (table.left_out or table.cut):
        words = [text for column in shown.columns for text in texts(column, room)]
        table = Table(pa.table({"column": shown.column_names, "value": words}), room)
    return table


def shared(rows: pa.Table, room: int | None = None) -> dict[str, str]:
    """Return the columns in which all of several rows hold one value, with it; none if that is true of every column."""
    if rows.num_rows < 2:  # noqa: PLR2004 - one row shares nothing
        return {}
    same = [name for name in rows.column_names if _same(rows[name])]
    return {} if len(same) == rows.num_columns else {name: texts(rows[name].slice(0, 1), room)[0] for name in same}


def _packed(parts: list[str], room: int | None) -> list[str]:
    """Join texts into as few lines as possible. A text wider than a line is cut."""
    lines: list[str] = []
    for part in parts:
        whole = part if room is None else cut(part, room)
        joined = f"{lines[-1]} · {whole}" if lines else whole
        if lines and (room is None or width(joined) <= room):
            lines[-1] = joined
        else:
            lines.append(whole)
    return lines


def _same(column: Column) -> bool:
    return column.slice(1).equals(column.slice(0, len(column) - 1))


def _measured(name: str, column: Column, room: int | None) -> _Column:
    heading = printable(name, lines=False)
    number = is_number(column.type)
    most = max(room or 0, _APART)
    natural = widest(column) if number else _widest(plain(column), most)
    title = min(width(heading), max(_HEADING, natural)) if room else width(heading)
    whole = number or room is None or (natural <= min(room, max(_LONG, room // 2)) and not _blanks(column))
    natural = max(natural, title)
    return _Column(
        name, heading, number, natural, natural if whole else min(natural, _LEAST), bool(room) and not number
    )


def _widest(column: Column, most: int) -> int:
    """Return the width of the widest value, but no more than `most`."""
    if types.is_string(column.type) and not compute.any(compute.match_substring_regex(column, "[^ -~]")).as_py():
        return min(compute.max(compute.utf8_length(column)).as_py() or 1, most)
    widest = 1
    for start in range(0, len(column), _BLOCK):
        widest = max(widest, *map(width, texts(column.slice(start, _BLOCK), most)))
        if widest >= most:
            return most
    return widest


def _blanks(column: Column) -> bool:
    """Whether some value has more than one word."""
    if is_nested(column.type):
        return True
    words = plain(column)
    return types.is_string(words.type) and bool(compute.any(compute.match_substring(words, " ")).as_py())


def _fitting(columns: list[_Column], room: int) -> list[_Column]:
    """Choose the columns that fit, beginning with the first, and set the width of each."""
    taken: list[_Column] = []
    used = -len(GAP)
    for column in columns:
        if used + len(GAP) + column.least <= room:
            taken.append(column)
            used += len(GAP) + column.least
            column.given = column.least
    if not taken and columns:
        columns[0].given = room
        return columns[:1]
    spare = room - used
    growing = sorted(taken, key=lambda column: column.natural - column.least)
    for number, column in enumerate(growing):
        more = min(spare // (len(growing) - number), column.natural - column.least)
        column.given += more
        spare -= more
    return taken
