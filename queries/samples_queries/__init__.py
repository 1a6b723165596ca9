"""Named queries: one file per question an analyst asks. Each begins with a header that says what it answers.

NAME.sql is one SELECT; NAME.py, for what SQL cannot say well, defines `answer(connection, *, …)`, which reads views
through the connection and returns an Arrow table. Both name views only, never files, tables or filters. The header is
the SQL file's first comment, or the module's docstring:

    -- coverage: which problems only one of two runs solves
    -- params   a: run, b: run, verifier: verifier, threshold: int = 1
    -- reads    tallies
    -- grain    a, b, outcome
    -- columns  a, b, outcome, problems, share, problem_ids

A line that goes on is indented as far as the words above it. Kinds of parameters: run (bound as its name), runs (a list
of names, never empty: all of them when none is given), verifier (bound as its name; the only one there when none is
given), int, float, text, bool, ints and floats (lists; "all" is bound as an empty one). `= none` binds NULL. A query
reads no other runs than its parameters name: what they leave out is not even opened.

`views` holds the SQL of what queries read, with the same kind of header. A view of what its header calls `each` has
places for these columns, as in `{run_id}`: values are filled in, a SELECT for each while they are few, or else names.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

KINDS = ("run", "runs", "verifier", "int", "float", "text", "bool", "ints", "floats")
_FOLDER = Path(__file__).parent
_KEYS = ("params", "reads", "each", "made", "grain", "columns")


class Unanswerable(ValueError):
    """What a lake holds cannot answer a query; the message says what is the matter, and the way out."""


@dataclass(frozen=True)
class Parameter:
    """One parameter of a query: its kind, and its default as the header writes it (None: there is none)."""

    name: str
    kind: str
    default: str | None = None

    def __str__(self) -> str:
        return f"{self.name}: {self.kind}" + ("" if self.default is None else f" = {self.default}")


@dataclass(frozen=True)
class Header:
    """What a query's or view's first lines say of it."""

    name: str
    answers: str
    params: tuple[Parameter, ...]
    reads: tuple[str, ...]
    each: tuple[str, ...]
    made: tuple[str, ...]
    grain: tuple[str, ...]
    columns: tuple[str, ...]


def _sources() -> dict[str, str]:
    """Names of the queries, with the ending of each one's file; a .py without such a header is no query."""
    found: dict[str, str] = {}
    for file in sorted(_FOLDER.iterdir()):
        name, _, end = file.name.rpartition(".")
        if end == "sql" or (end == "py" and file.read_text(encoding="utf-8").startswith(f'"""{name}: ')):
            found[name] = end
    return found


_SOURCES = _sources()
NAMES: tuple[str, ...] = tuple(_SOURCES)


def is_sql(name: str) -> bool:
    """Whether a query is SQL; else it is a function."""
    return _SOURCES[name] == "sql"


@cache
def text(name: str) -> str:
    """Return the source of a named query, or of the view "views/NAME"."""
    return (_FOLDER / f"{name}.{_SOURCES.get(name, 'sql')}").read_text(encoding="utf-8")


@cache
def header(name: str) -> Header:
    """Read what the first lines of a query, or of the view "views/NAME", say."""
    lines = _header_lines(text(name))
    known, _, answers = lines[0].partition(": ")
    said: dict[str, str] = {}
    key = ""
    for line in lines[1:]:
        word, _, rest = line.partition(" ")
        if word in _KEYS:
            key = word
            said[key] = rest.strip()
        elif key and line.startswith(" " * 8):
            said[key] += " " + line.strip()
        elif line.strip():
            break
    params = tuple(map(_parameter, re.split(r",\s*(?=\w+:)", said["params"]) if said.get("params") else ()))
    reads, each, made, grain, columns = (tuple(re.findall(r"[\w.]+", said.get(word, ""))) for word in _KEYS[1:])
    return Header(known, answers.rstrip("."), params, reads, each, made, grain, columns)


def _header_lines(source: str) -> list[str]:
    if source.startswith('"""'):
        return source.removeprefix('"""').partition('"""')[0].splitlines()
    comment = re.match(r"(?:--.*\n)+", source)
    return [line.removeprefix("--").removeprefix(" ") for line in comment[0].splitlines()] if comment else [""]


def _parameter(said: str) -> Parameter:
    name, _, rest = said.partition(":")
    kind, _, default = (part.strip() for part in rest.partition("="))
    return Parameter(name.strip(), kind, default or None)


def reference(name: str) -> str:
    """Say how a query is asked: its parameters with kinds and defaults, and the columns of its answer."""
    said = header(name)
    params = "; ".join(map(str, said.params)) or "none"
    return f"{name}: {said.answers}\nparameters: {params}\ncolumns: {', '.join(said.columns)}"


__all__ = ["KINDS", "NAMES", "Header", "Parameter", "Unanswerable", "header", "is_sql", "reference", "text"]
