r"""Rows as tables of a paper: Markdown, and LaTeX with \usepackage{booktabs}.

Floats have four decimals, a missing value is "-". Text is escaped, so that Markdown and LaTeX show it as it is. Notes
follow a Markdown table as text, and a LaTeX table as comments.
"""

import re
from collections.abc import Callable, Iterable, Iterator

import pyarrow as pa

from samples.lines import printable
from samples.query.cells import texts
from samples.query.plain import Column, blocks, is_number
from samples.query.rows import Rows

_BLOCK = 20_000  # rows that are written at once


def markdown(rows: Rows) -> Iterator[str]:
    """Write a Markdown table in the form that GitHub and most others read."""

    def line(cells: Iterable[str]) -> str:
        return f"| {' | '.join(cells)} |\n"

    yield line(marked(printable(name, lines=False)) for name in rows.columns)
    yield line(["---:" if is_number(kind) else "---" for kind in rows.table.schema.types])
    for block in blocks(rows.table, _BLOCK):
        yield "".join(line(cells) for cells in _escaped(block, _MARKS, marked))
    if rows.notes:
        yield "".join(f"\nnote: {marked(printable(note, lines=False))}\n" for note in rows.notes)


def latex(rows: Rows) -> Iterator[str]:
    """Write a tabular with the rules of booktabs."""

    def line(cells: Iterable[str]) -> str:
        return " & ".join(cells) + " \\\\\n"

    heading = [_typeset(printable(name, lines=False)) for name in rows.columns]
    sides = "".join("r" if is_number(kind) else "l" for kind in rows.table.schema.types)
    yield f"\\begin{{tabular}}{{{sides}}}\n\\toprule\n{line(heading)}\\midrule\n"
    for block in blocks(rows.table, _BLOCK):
        yield "".join(line(cells) for cells in _escaped(block, _SPECIAL, _typeset))
    yield "\\bottomrule\n\\end{tabular}\n"
    yield "".join(f"% note: {printable(note, lines=False)}\n" for note in rows.notes)


def _escaped(block: pa.Table, special: re.Pattern[str], escape: Callable[[str], str]) -> Iterator[tuple[str, ...]]:
    """Return the cells of each line. Texts with a special character are escaped."""

    def column(values: Column) -> list[str]:
        cells = texts(values)
        clean = is_number(values.type) or not special.search("\n".join(cells))
        return cells if clean else [escape(cell) for cell in cells]

    return zip(*map(column, block.columns), strict=True)


_MARKS = re.compile(r"[\\`*\[\]<>|~$]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|&")


def marked(words: str) -> str:
    """Write text of one line so that Markdown shows it as it is, in a cell too."""
    return _MARKS.sub(lambda found: "&amp;" if found[0] == "&" else "\\" + found[0], words)


_TEX = {
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}",
    ">": r"\textgreater{}", "|": r"\textbar{}",
    "[": "{[}", "*": "{*}",  # at the start of a line they would belong to the line break before it
} | {letter: f"\\{letter}" for letter in "{}$&#%_"}  # fmt: skip
_SPECIAL = re.compile(f"[{re.escape(''.join(_TEX))}]")


def _typeset(words: str) -> str:
    """Write text so that LaTeX sets it as it is."""
    return _SPECIAL.sub(lambda found: _TEX[found[0]], words)
