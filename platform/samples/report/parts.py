"""What a report is made of: sections, each with sentences and with the answers of questions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from samples.query.rows import Rows

# good: nothing is wrong; plain: a fact; care: read the numbers with it; wrong: mend it first; missing: what would fill
# the section.
Kind = Literal["good", "plain", "care", "wrong", "missing"]


@dataclass(frozen=True)
class Sentence:
    """One sentence, and how serious it is."""

    text: str
    kind: Kind = "plain"


@dataclass(frozen=True)
class Answer:
    """One question and what came of it: rows, or the reason why there are none.

    `name` is the query's, or "sql". `heading` says what the rows are. `command` prints them. `chart` is an SVG, and
    `undrawn` says why a query that has a chart could not be drawn. `text` is the SELECT where `name` is "sql".
    """

    name: str
    heading: str
    command: str
    rows: Rows | None = None
    refused: str | None = None
    chart: bytes | None = None
    undrawn: str | None = None
    text: str | None = None

    @property
    def dicts(self) -> list[dict[str, Any]]:
        """The rows as dicts; none if the question was refused."""
        return [] if self.rows is None else self.rows.dicts()


@dataclass(frozen=True)
class Setting:
    """One setting of all runs of a report, with the value of each."""

    name: str
    values: Sequence[str | None]

    @property
    def differs(self) -> bool:
        """Whether it is not the same in all runs."""
        return len(set(self.values)) > 1


@dataclass(frozen=True)
class Settings:
    """The settings of runs side by side, and the command that prints them."""

    runs: Sequence[str]
    settings: Sequence[Setting]
    command: str


@dataclass(frozen=True)
class Section:
    """One part of a report. `key` names it in links and files; `about` says how to read it."""

    key: str
    title: str
    about: str
    sentences: Sequence[Sentence] = ()
    answers: Sequence[Answer] = ()
    settings: Settings | None = None


@dataclass(frozen=True, repr=False)
class Content:
    """All that a report says. `filters` are written as a reader types them, and `short` is what to see first.

    `ids` are the problem ids that the commands read from a file (`samples.report.commands.IDS_FILE`), one a line.
    """

    title: str
    lake: str
    version: str
    made_at: datetime
    program: str
    runs: Sequence[str]
    verifier: str | None
    filters: Sequence[str]
    short: Sequence[Sentence]
    sections: Sequence[Section]
    ids: Sequence[str] = ()
