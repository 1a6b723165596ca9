"""Write a report as one HTML page: no script, nothing from elsewhere, every text of the lake escaped."""

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import resources
from shlex import quote
from typing import Any

import pyarrow as pa
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

import samples_queries
from samples.lines import printable
from samples.query.cells import texts
from samples.query.plain import is_number
from samples.query.table import shared
from samples.report.commands import IDS_FILE
from samples.report.explanations import explanation
from samples.report.parts import Answer, Content, Section
from samples.report.pictures import within_page

MOST_ROWS = 400  # of a table; the command prints all
_LONG = 12  # rows from which a table is folded
_WHOLE = 300  # characters of a setting


@dataclass(frozen=True)
class _Table:
    """A table as texts: what all rows share, the heading, and the rows."""

    shared: dict[str, str]
    columns: list[tuple[str, bool, str]]  # name, whether its values are numbers, what it means
    rows: list[list[str]]
    total: int

    @property
    def left_out(self) -> int:
        return self.total - len(self.rows) if self.columns else 0

    @property
    def long(self) -> bool:
        return len(self.rows) > _LONG


@dataclass
class _Explained:
    """Which queries of a section are explained already."""

    names: set[str] = field(default_factory=set[str])

    def first(self, name: str) -> bool:
        """Return whether this is the first answer of the query."""
        new = name not in self.names
        self.names.add(name)
        return new


def page(report: Content) -> str:
    """Return the report as a page."""
    style = resources.files("samples.report").joinpath("templates/style.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    numbers = _numbers()
    environment = Environment(
        loader=PackageLoader("samples.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["inert"] = lambda text: printable(str(text), lines=False)
    environment.filters["typed"] = lambda text: printable(quote(str(text)), lines=False)
    environment.filters["literal"] = lambda text: printable(json.dumps(str(text), ensure_ascii=False))
    environment.filters["lines"] = lambda text: printable(str(text))
    return environment.get_template("page.html").render(
        report=report,
        style=Markup(style),  # noqa: S704 - our own file
        policy=f"default-src 'none'; style-src 'sha256-{digest}'",
        table=_table,
        picture=lambda section, answer: _picture(section, answer, next(numbers)),
        explained=_Explained,
        explanation=explanation,
        cut=_cut,
        ids_file=IDS_FILE,
    )


def _table(answer: Answer) -> _Table:
    """Lay out the rows of an answer as `samples query` prints them: what all rows share stands above them."""
    assert answer.rows is not None
    rows = answer.rows.table
    # A single row has one line for each column, as on a narrow terminal.
    same = shared(rows) if rows.num_rows != 1 else {name: texts(rows[name])[0] for name in rows.column_names}
    meanings = {} if answer.name == "sql" else samples_queries.header(answer.name).meanings
    left = rows.drop_columns(list(same)).slice(0, MOST_ROWS if rows.num_rows > 1 else 0)
    columns = [(name, is_number(left.schema.field(name).type), meanings.get(name, "")) for name in left.column_names]
    return _Table(same, columns, _rows(left), rows.num_rows)


def _rows(rows: pa.Table) -> list[list[str]]:
    return [list(row) for row in zip(*(texts(column) for column in rows.columns), strict=True)]


def _picture(section: Section, answer: Answer, number: int) -> Markup:
    assert answer.chart is not None
    label = printable(answer.heading, lines=False)
    return Markup(within_page(answer.chart, f"{section.key}-{number}-", label))  # noqa: S704 - cleaned


def _cut(value: Any) -> str:
    """Return a setting's value as text; a long one is cut."""
    text = "-" if value is None else printable(str(value))
    return text if len(text) <= _WHOLE else f"{text[:_WHOLE]}… ({len(text):,} characters)"


def _numbers() -> Iterator[int]:
    number = 0
    while True:
        number += 1
        yield number
