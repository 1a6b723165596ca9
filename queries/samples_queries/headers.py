"""The headers of queries and views as data. The package's docstring describes their format.

A header is parsed without being checked. The tests check every header.
"""

import re
from dataclasses import dataclass
from functools import cache

from samples_queries.files import text
from samples_queries.glossary import GLOSSARY

GROUPS = ("accuracy", "two runs", "answers", "likelihood", "reviews", "health")

# Each kind of parameter, and how help names it.
KINDS = {
    "run": "a run",
    "runs": "runs",
    "verifier": "a verifier",
    "scorer": "a scorer",
    "problems": "common, own or each",
    "int": "a whole number",
    "float": "a number",
    "text": "text",
    "bool": "yes or no",
    "ints": "whole numbers",
    "floats": "numbers",
    "key": "a metadata key of problems, or a label of runs",
    "label": "a label of runs",
}
# What a parameter of these kinds means when it is not given and has no default.
_STANDARD = {"runs": "all", "verifier": "the only one", "problems": "common if runs are named, else own"}

_KEYS = "group|formula|params|reads|scored|takes|pooled|each|made|grain|columns|means|example"
_KEY = re.compile(rf"({_KEYS})(?: {{2,}}(.*))?")
_LISTS = ("reads", "scored", "pooled", "each", "made", "grain", "columns")
_COLUMN = 9  # of the first word after a key


@dataclass(frozen=True)
class Parameter:
    """One parameter of a query. Its default is text, as the header writes it; None when the header gives none."""

    name: str
    kind: str
    default: str | None = None

    def __str__(self) -> str:
        return f"{self.name}: {self.kind}" + ("" if self.default is None else f" = {self.default}")

    @property
    def required(self) -> bool:
        """Whether a query cannot be asked without it."""
        return self.default is None and self.kind not in _STANDARD

    @property
    def optional(self) -> bool:
        """Whether NULL is bound when it is not given."""
        return self.default in {"none", "only"}

    @property
    def option(self) -> str:
        """Name of its option on the command line: `--min-n`, or `--strict/--no-strict` for the kind bool."""
        name = self.name.replace("_", "-")
        return f"--{name}/--no-{name}" if self.kind == "bool" else f"--{name}"

    @property
    def usage(self) -> str:
        """The kind of value it takes, and its default, in words."""
        default = self.default or _STANDARD.get(self.kind, "")
        words = {"": "required", "none": "optional", "only": "default the only one, or NULL when there are several"}
        return f"{KINDS[self.kind]}, {words.get(default, f'default {default}')}"


# What a query may take beside its own parameters. The platform sees to these, and binds nothing.
TAKES = {"by": Parameter("by", "key", "none"), "pool": Parameter("pool", "label", "none")}


@dataclass(frozen=True)
class Header:
    """The header of a query or view. A view has neither group, parameters, columns, meanings nor example.

    `answers` is what the query answers, in one line. `formula` has the formulas of its figures, in lines; it is empty
    where the paragraphs say it in words. `takes` are the parameters of TAKES that the query can be asked with, and
    `pooled` the columns that follow the others with `pool`. `scored` are the views that it reads too where a scorer is
    given. `about` has one paragraph or list item per line, and an empty line between paragraphs. `meanings` has every
    parameter and column that is explained here or in the glossary.
    """

    name: str
    answers: str
    group: str
    formula: str
    params: tuple[Parameter, ...]
    takes: tuple[Parameter, ...]
    reads: tuple[str, ...]
    scored: tuple[str, ...]
    pooled: tuple[str, ...]
    each: tuple[str, ...]
    made: tuple[str, ...]
    grain: tuple[str, ...]
    columns: tuple[str, ...]
    meanings: dict[str, str]
    about: str
    example: str

    @property
    def options(self) -> tuple[Parameter, ...]:
        """All that the query can be asked with: its own parameters, then those that it takes beside them."""
        return self.params + self.takes


@cache
def header(name: str) -> Header:
    """Read the header of the query NAME, or of the view "views/NAME"."""
    title, said, about = _parts(text(name))
    known, _, answers = title.partition(": ")
    joined = {key: " ".join(lines) for key, lines in said.items()}
    params = tuple(map(_parameter, re.split(r",\s*(?=\w+:)", joined["params"]) if joined.get("params") else ()))
    lists = {key: tuple(re.findall(r"[\w.]+", joined.get(key, ""))) for key in _LISTS}
    takes = tuple(TAKES[name] for name in re.findall(r"\w+", joined.get("takes", "")))
    names = dict.fromkeys([*(parameter.name for parameter in params + takes), *lists["columns"], *lists["pooled"]])
    return Header(
        name=known,
        answers=answers.rstrip("."),
        group=joined.get("group", ""),
        formula="\n".join(said.get("formula", [])),
        params=params,
        takes=takes,
        **lists,
        meanings={name: GLOSSARY[name] for name in names if name in GLOSSARY} | _meanings(said.get("means", [])),
        about=about,
        example=joined.get("example", ""),
    )


def _parts(source: str) -> tuple[str, dict[str, list[str]], str]:
    """Return a header's title, the lines of each key, and its paragraphs."""
    title, *lines = _lines(source)
    said: dict[str, list[str]] = {}
    key = ""
    for place, line in enumerate(lines):
        if found := _KEY.fullmatch(line):
            key = found[1]
            said[key] = [found[2]] if found[2] else []
        elif key and line.startswith(" " * _COLUMN):
            said[key].append(line[_COLUMN:])
        elif line:
            return title, said, _paragraphs(lines[place:])
    return title, said, ""


def _lines(source: str) -> list[str]:
    if source.startswith('"""'):
        return source.removeprefix('"""').partition('"""')[0].splitlines()
    comment = re.match(r"(?:--.*\n)+", source)
    return [line.removeprefix("--").removeprefix(" ") for line in comment[0].splitlines()] if comment else [""]


def _paragraphs(lines: list[str]) -> str:
    """Join the lines of each paragraph and of each list item, which begins with "- "."""
    return re.sub(r"(?<!\n)\n(?!\n|- )\s*", " ", "\n".join(lines)).strip()


def _parameter(said: str) -> Parameter:
    name, _, rest = said.partition(":")
    kind, _, default = (part.strip() for part in rest.partition("="))
    return Parameter(name.strip(), kind, default or None)


def _meanings(lines: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    name = ""
    for line in lines:
        if line.startswith(" "):
            found[name] += " " + line.strip()
        else:
            name, _, found[name] = line.partition(": ")
    return found
