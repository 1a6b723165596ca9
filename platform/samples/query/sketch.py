"""Show rows in Python: as text at a prompt, as HTML in a notebook.

If there are more than twenty rows, the first and the last ten are shown. Notes follow the table. Values are shown as
harmless text.
"""

import shutil
from collections.abc import Iterable, Sequence
from html import escape

import pyarrow as pa

from samples.lines import printable
from samples.query.cells import CUT, texts
from samples.query.plain import is_number
from samples.query.table import laid_out, shared

_ENDS = 10  # rows at each end of many
_LONG = 200  # characters of a cell in a notebook


def text(rows: pa.Table, notes: Sequence[str]) -> str:
    """Write rows as text that fits the terminal."""
    table = laid_out(_ends(rows), rows, shutil.get_terminal_size((100, 24)).columns)
    lines = [line for block in table.blocks() for line in block]
    if rows.num_rows > 2 * _ENDS:
        lines.insert(_ENDS, CUT)
    hidden = f"; no room for {', '.join(_inert(table.left_out))}" if table.left_out else ""
    return "\n".join(
        [
            *table.above,
            table.heading,
            *lines,
            f"({_count(rows)}{hidden})",
            *_noted(notes),
        ]
    )


def html(rows: pa.Table, notes: Sequence[str]) -> str:
    """Write rows as HTML for a notebook. Dollar signs in them are not read as mathematics."""
    once = shared(rows, _LONG)
    shown = _ends(rows.drop_columns(list(once)))
    sides = ["right" if is_number(column.type) else "left" for column in shown.schema]
    cells = zip(*(texts(column, _LONG) for column in shown.columns), strict=True)
    lines = [_line("td", line, sides) for line in cells]
    if rows.num_rows > 2 * _ENDS:
        lines.insert(_ENDS, _line("td", [CUT] * len(sides), sides))
    said = " · ".join(f"{name}: {value}" for name, value in zip(_inert(once), once.values(), strict=True))
    above = f"<p>{escape(said)}</p>" if once else ""
    heading = _line("th", _inert(shown.column_names), sides)
    below = "".join(f"<p>{escape(line)}</p>" for line in (_count(rows), *_noted(notes)))
    table = f"<table><thead>{heading}</thead><tbody>{''.join(lines)}</tbody></table>"
    return f'<div class="tex2jax_ignore mathjax_ignore">{above}{table}{below}</div>'


def _ends(rows: pa.Table) -> pa.Table:
    if rows.num_rows <= 2 * _ENDS:
        return rows
    return pa.concat_tables([rows.slice(0, _ENDS), rows.slice(rows.num_rows - _ENDS)])


def _line(kind: str, cells: Sequence[str], sides: Sequence[str]) -> str:
    inside = "".join(
        f'<{kind} style="text-align: {side}">{escape(cell)}</{kind}>' for cell, side in zip(cells, sides, strict=True)
    )
    return f"<tr>{inside}</tr>"


def _inert(names: Iterable[str]) -> list[str]:
    return [printable(name, lines=False) for name in names]


def _count(rows: pa.Table) -> str:
    return f"{rows.num_rows:,} row{'' if rows.num_rows == 1 else 's'}"


def _noted(notes: Sequence[str]) -> list[str]:
    return [f"note: {printable(note)}" for note in notes]
