"""Write Markdown: tables, paragraphs, and text in which nothing is markup by accident."""

import re
from collections.abc import Iterable, Sequence

_CODE = re.compile(r"(`[^`]+`)")
_MARKUP = re.compile(r"([<*~]|(?<!\w)_|_(?!\w)|\\(?=[^\w\s]))")  # a_b needs no escape, nor does \log


def inert(text: str) -> str:
    """Return text that Markdown shows as it is, apart from `code`."""
    parts = _CODE.split(text)
    return "".join(part if part.startswith("`") else _MARKUP.sub(r"\\\1", part) for part in parts)


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table. Its cells are Markdown already."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def prose(text: str) -> str:
    """Return paragraphs and lists of which each line is a paragraph or a list item, as headers of queries hold them."""
    lines: list[str] = []
    item = False
    for line in text.splitlines():
        before, item = item, bool(re.match(r"- |\d+\. ", line))
        if lines and lines[-1] and line and not (before and item):
            lines.append("")
        lines.append(inert(line) if not item else re.sub(r"^(- |\d+\. )(.*)", _item, line))
    return "\n".join(lines)


def code(text: str, language: str = "") -> str:
    """Return a block of code."""
    return f"```{language}\n{text}\n```"


def anchor(heading: str) -> str:
    """Return the anchor that GitHub and GitLab give a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def page(title: str, *parts: str) -> str:
    """Return a page of its parts, with an empty line between them."""
    return "\n\n".join([f"# {title}", "<!-- Made by make docs: change the code, not this page. -->", *parts]) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _item(found: re.Match[str]) -> str:
    return found[1] + inert(found[2])
