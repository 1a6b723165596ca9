"""Text for people: all of one query's header, and the list of all queries. No query."""

import re
import textwrap

from samples_queries.files import NAMES
from samples_queries.headers import GROUPS, header

# Spaces within "1, 2" and "95 %", at which no line is broken.
_FIRM = re.compile(r"(?<=\d,) (?=\d)|(?<=\d) (?=%)")


def reference(name: str, width: int = 80) -> str:
    """Write down a query's header: what it answers, its parameters, its columns, its paragraphs, its example."""
    said = header(name)
    params = {one.name: f"{one.usage}: {said.meanings[one.name]}" for one in said.options}
    columns = {column: said.meanings[column] for column in said.columns + said.pooled}
    parts = [
        _filled(f"{name}: {said.answers}", width),
        _table("Parameters", params, width) if params else "No parameters",
        _table(f"Columns (one row per {', '.join(said.grain)})", columns, width),
        "\n".join(_filled(line, width, after="  " * line.startswith("- ")) for line in said.about.splitlines()),
        f"Formula\n{textwrap.indent(said.formula, '  ')}" if said.formula else "",
        f"Example\n  {said.example}",
    ]
    return "\n\n".join(filter(None, parts))


def _table(title: str, meanings: dict[str, str], width: int) -> str:
    """Write names with their meanings beside them."""
    space = max(map(len, meanings)) + 4
    lines = (_filled(meaning, width, f"  {name}".ljust(space), " " * space) for name, meaning in meanings.items())
    return "\n".join([title, *lines])


def _filled(text: str, width: int, before: str = "", after: str = "") -> str:
    """Break a paragraph into lines. `before` stands before the first line, `after` before the others."""
    firm = _FIRM.sub("\N{NO-BREAK SPACE}", text)
    lines = textwrap.wrap(
        firm, width, initial_indent=before, subsequent_indent=after, break_long_words=False, break_on_hyphens=False
    )
    return "\n".join(lines).replace("\N{NO-BREAK SPACE}", " ")


def listing() -> dict[str, dict[str, str]]:
    """Return the queries of each group, in reading order, each with what it answers in one line."""
    headers = [header(name) for name in NAMES]
    return {group: {said.name: said.answers for said in headers if said.group == group} for group in GROUPS}
