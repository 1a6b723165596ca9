"""The pages of queries: an index, and a page for each group with what a query answers, takes and returns."""

import shlex

import samples_queries
from answers import answered
from command_line import common
from markup import anchor, code, inert, page, prose, table
from samples.charts.registry import CHARTS
from samples_schemas import VIEWS

_ABOUT = """Each query is a command, `samples query NAME`, and a function, `lake.queries.NAME(…)`. `samples query NAME
--help` prints what stands here, but for the answer.

The example answers are of a small lake that is made up (docs/generate/example.py). Its runs never were. It has what all
examples name, so that each can be asked as it stands. At most twelve rows are shown."""


def written() -> dict[str, str]:
    """Return the pages by their paths."""
    pages = {"queries/README.md": _index()}
    for group, queries in samples_queries.listing().items():
        parts = [part for name in queries for part in _query(name)]
        pages[f"queries/{_file(group)}"] = page(f"Queries: {group}", *parts)
    return pages


def _index() -> str:
    parts = [_ABOUT]
    for group, queries in samples_queries.listing().items():
        rows = [
            (f"[{name}]({_file(group)}#{anchor(name)})", inert(answers), "yes" if name in CHARTS else "")
            for name, answers in queries.items()
        ]
        parts += [f"## {group.capitalize()}", table(["query", "what it answers", "chart"], rows)]
    parts += ["## Options of every query", code(common(), "text")]
    return page("Queries", *parts)


def _file(group: str) -> str:
    return f"{group.replace(' ', '-')}.md"


def _query(name: str) -> list[str]:
    said = samples_queries.header(name)
    params = [
        (f"`{one.option.split('/')[0]}`", inert(one.usage), inert(said.meanings[one.name])) for one in said.options
    ]
    columns = [(f"`{column}`", inert(said.meanings[column])) for column in said.columns + said.pooled]
    reads = ", ".join(f"[{view}](../tables.md#view-{view})" for view in said.reads if _is_view(view))
    return [
        f"## {name}",
        f"{inert(said.answers[:1].upper() + said.answers[1:])}.",
        *([code(said.formula, "text")] if said.formula else []),
        prose(said.about),
        code(answered(said.example), "text"),
        *([_chart(said)] if name in CHARTS else []),
        *([table(["parameter", "value", "meaning"], params)] if params else ["It has no parameters."]),
        f"One row per {', '.join(f'`{column}`' for column in said.grain)}:",
        table(["column", "meaning"], columns),
        *([f"It reads {reads}."] if reads else []),
    ]


def _is_view(name: str) -> bool:
    return name in VIEWS


def _chart(said: samples_queries.Header) -> str:
    words = shlex.split(said.example)
    command = shlex.join([words[0], "plot", *words[2:], "-o", f"{said.name}.svg"])
    return f"Its chart shows {inert(CHARTS[said.name])}: `{command}`"
