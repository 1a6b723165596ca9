"""Read a page as its reader does: sections, sentences, tables by the question that they answer."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from samples.api import Lake
from samples.report.asking import Asker
from samples.report.report import Report
from samples.report.subject import choose


@dataclass
class Table:
    """What a page shows of one question."""

    query: str
    command: str
    shared: dict[str, str] = field(default_factory=dict)
    heading: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    refused: str = ""
    notes: list[str] = field(default_factory=list)
    charts: int = 0

    def dicts(self) -> list[dict[str, str]]:
        if self.shared and not self.rows:
            return [self.shared]
        return [self.shared | dict(zip(self.heading, row, strict=True)) for row in self.rows]


class Page(HTMLParser):
    """The parts of a page, and all of its text outside of style."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.sections: dict[str, list[Table]] = {}
        self.said: dict[str, list[tuple[str, str]]] = {}
        self.tags: set[str] = set()
        self.ids: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text = ""
        self._stack: list[tuple[str, str]] = []
        self._section, self._words, self._name = "", "", ""
        self.feed(text)

    @property
    def tables(self) -> list[Table]:
        return [table for tables in self.sections.values() for table in tables]

    def handle_starttag(self, tag, attrs):
        given = {name: value or "" for name, value in attrs}
        self.tags.add(tag)
        self.ids += [given["id"]] if "id" in given else []
        self.attributes += [(tag, name, value) for name, value in given.items()]
        if tag == "meta":
            return
        self._stack.append((tag, given.get("class", "")))
        self._words = ""
        if tag == "section":
            self._section = given["id"]
            self.sections[self._section], self.said[self._section] = [], []
        elif tag == "article":
            self.sections[self._section].append(Table(given["data-query"], given["data-command"]))
        elif tag == "svg":
            self.sections[self._section][-1].charts += 1
        elif tag == "tr" and self._in("tbody") and self._in("article"):
            self.sections[self._section][-1].rows.append([])

    def handle_startendtag(self, tag, attrs):
        self.tags.add(tag)
        self.ids += [value or "" for name, value in attrs if name == "id"]
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_data(self, data):
        self._words += data
        if not self._in("style"):
            self.text += data

    def handle_endtag(self, tag):
        while self._stack:
            opened, kind = self._stack.pop()
            if opened == tag:
                break
        if tag == "li" and self._in("ul", "said"):
            self.said[self._section].append((kind, " ".join(self._words.split())))
        if self._in("article"):
            self._tell(self.sections[self._section][-1], tag, kind, self._words.strip())

    def _tell(self, table: Table, tag: str, kind: str, words: str) -> None:
        match tag, kind:
            case "th", _ if self._in("thead"):
                table.heading.append(words)
            case "td", _:
                table.rows[-1].append(self._words)
            case "dt", _:
                self._name = words
            case "dd", _:
                table.shared[self._name] = words
            case "p", "missing":
                table.refused = words
            case "p", "note":
                table.notes.append(words)

    def _in(self, tag: str, kind: str | None = None) -> bool:
        return any(opened == tag and kind in {None, given} for opened, given in self._stack)


@pytest.fixture(scope="session")
def read_page():
    """Return what reads a page: `read_page(report)`."""

    def read(report) -> Page:
        (content,) = report.files("report.html").values()
        return Page(content.decode())

    return read


@pytest.fixture(scope="session")
def part(read_page):
    """Return what makes a page of some sections alone: `part(lake, ["a", "b"], two.coverage)`."""

    def make(lake, runs, *sections, verifier=None, **filters) -> Page:
        pinned = lake.pin()
        ask = Asker(pinned, choose(pinned, runs, verifier, filters), lambda _asking: None)
        made = [section(ask) for section in sections]
        now = datetime(2026, 1, 1, tzinfo=UTC)
        return read_page(Report("t", lake.uri, ask.version, now, "samples", runs, None, ask.filters_said, (), made))

    return make


@pytest.fixture
def counted(tmp_path):
    """Return what makes a lake of imported counts: `counted({"a": {"p1": (4, 1)}})`, with n and c of each problem."""

    def make(runs) -> Lake:
        lake = Lake(str(tmp_path / "counted"), create=True)
        for name, counts in runs.items():
            file = tmp_path / f"{name}.jsonl"
            lines = [json.dumps({"problem_id": problem, "n": n, "c": c}) for problem, (n, c) in counts.items()]
            file.write_text("\n".join(lines))
            lake.import_file(file, name=name, dataset="d")
        return lake

    return make
