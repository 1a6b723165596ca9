"""Turn text that a stranger wrote into HTML: every character is shown, and none is obeyed.

Control characters, characters that change the direction of writing, and invisible ones become small marks that name
them. Markup of the text is escaped.
"""

import unicodedata
from itertools import groupby

from markupsafe import Markup, escape

from samples.lines import printable

_PICTURES = 0x2400  # where Unicode has a picture of each control character


def visible(text: str, *, lines: bool = True) -> Markup:
    """Return a text as HTML. Newlines and tabs stay unless `lines` is False."""
    if printable(text, lines=lines) == text:
        return escape(text)
    return Markup("").join(
        escape("".join(group)) if key is None else _mark(key, sum(1 for _ in group))
        for key, group in groupby(text, lambda c: None if printable(c, lines=lines) == c else c)
    )


def _mark(c: str, times: int) -> Markup:
    """Return the mark of a character that stands there so many times."""
    code = ord(c)
    name = unicodedata.name(c, _CONTROLS.get(code, "character that cannot be seen"))
    sign = chr(_PICTURES + code) if code < ord(" ") else f"U+{code:04X}"
    many = f" {times} times" if times > 1 else ""
    return Markup('<span class="mark" title="U+{:04X} {}{}">{}{}</span>').format(code, name, many, sign, many)


_CONTROLS = {
    0x00: "null", 0x07: "bell", 0x08: "backspace", 0x09: "tab", 0x0A: "line feed", 0x0D: "carriage return",
    0x1B: "escape", 0x7F: "delete", 0x9B: "control sequence introducer",
}  # fmt: skip
