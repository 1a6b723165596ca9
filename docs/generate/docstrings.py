"""Turn docstrings into Markdown: paragraphs, then the sections Args and Raises as lists, code as blocks."""

import inspect
import re
import textwrap
from typing import Any

from markup import code

_SECTION = re.compile(r"(Args|Attributes|Returns|Raises|Yields):")


def told(documented: Any) -> str:
    """Return the docstring of a function, class or module as Markdown."""
    parts: list[str] = []
    for block in re.split(r"\n{2,}", inspect.getdoc(documented) or ""):
        first, _, rest = block.partition("\n")
        if section := _SECTION.fullmatch(first):
            parts += [f"{section[1]}:", _items(rest)]
        elif block.startswith(("    ", ">>> ")):
            parts.append(code(textwrap.dedent(block), "python"))
        else:
            parts.append(block)
    return "\n\n".join(parts)


def _items(text: str) -> str:
    """Return `name: meaning` lines as a list. A line that is indented further continues its item."""
    items: list[str] = []
    for line in textwrap.dedent(text).splitlines():
        if line.startswith(" "):
            items[-1] += f" {line.strip()}"
        else:
            name, _, meaning = line.partition(": ")
            items.append(f"- `{name.replace('**', '')}`: {meaning}")
    return "\n".join(items)
