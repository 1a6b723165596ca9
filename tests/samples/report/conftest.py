"""Read a page as its reader does: sections, sentences, tables by the question that they answer."""

import importlib.util
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType

import pytest


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
        if tag in {"meta", "br", "path", "rect", "line", "circle"}:
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
        if not self._in("article"):
            return
        table = self.sections[self._section][-1]
        words = self._words.strip()
        if tag == "th" and self._in("thead"):
            table.heading.append(words)
        elif tag == "td":
            table.rows[-1].append(self._words)
        elif tag == "dt":
            self._name = words
        elif tag == "dd":
            table.shared[self._name] = words
        elif tag == "p" and kind == "missing":
            table.refused = words
        elif tag == "p" and kind == "note":
            table.notes.append(words)

    def _in(self, tag: str, kind: str | None = None) -> bool:
        return any(opened == tag and kind in {None, given} for opened, given in self._stack)


@pytest.fixture(scope="session")
def page():
    """Return what reads a page: `page(report)`."""

    def read(report) -> Page:
        (content,) = report.files("report.html").values()
        return Page(content.decode())

    return read


@pytest.fixture(scope="session")
def tallied() -> ModuleType:
    """Return what makes lakes from counts: `tallied.lake(path, {"a": {"p1": (4, 1)}})`; samples_queries/tallied.py."""
    path = Path(__file__).parents[2] / "samples_queries" / "tallied.py"
    spec = importlib.util.spec_from_file_location("tallied", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
