"""Turn text that a stranger wrote into HTML: every character is shown, and none is obeyed.

Control characters, characters that change the direction of writing, and invisible ones become small marks that name
them. Markup of the text is escaped.
"""

import re
import unicodedata
from functools import lru_cache

from markupsafe import Markup, escape

from samples.lines import printable

# ASCII's own names of the control characters: few fonts have Unicode's pictures of them.
_SHORT = (
    "NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "BEL", "BS", "TAB", "LF", "VT", "FF", "CR", "SO", "SI",
    "DLE", "DC1", "DC2", "DC3", "DC4", "NAK", "SYN", "ETB", "CAN", "EM", "SUB", "ESC", "FS", "GS", "RS", "US",
)  # fmt: skip


def visible(text: str, *, lines: bool = True) -> Markup:
    """Return a text as HTML. Newlines and tabs stay unless `lines` is False."""
    if printable(text, lines=lines) == text:
        return escape(text)
    hidden = [c for c in set(text) if printable(c, lines=lines) != c]
    repeated = re.compile(f"([{re.escape(''.join(hidden))}])\\1*")
    # Escaping first is safe: the characters that it adds are all printable.
    return Markup(repeated.sub(lambda run: _mark(run[1], len(run[0])), str(escape(text))))  # noqa: S704 - it is escaped


@lru_cache(maxsize=1024)
def _mark(c: str, times: int) -> str:
    """Return the mark of a character that stands there so many times."""
    code = ord(c)
    name = unicodedata.name(c, _CONTROLS.get(code, "character that cannot be seen"))
    sign = _SHORT[code] if code < len(_SHORT) else f"U+{code:04X}"
    many = f" {times} times" if times > 1 else ""
    return f'<span class="mark" title="U+{code:04X} {name}{many}">{sign}{many}</span>'


_CONTROLS = {
    0x00: "null", 0x07: "bell", 0x08: "backspace", 0x09: "tab", 0x0A: "line feed", 0x0D: "carriage return",
    0x1B: "escape", 0x7F: "delete", 0x9B: "control sequence introducer",
}  # fmt: skip
