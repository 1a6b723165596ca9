"""What stands last in a completion, in one pass over it."""

import re
from collections import deque

from samples.problems.fields import last_boxed

LONGEST = 2_000  # characters of an answer; more are cut, which leaves it wrong


def last_match(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """Return the last match; None where there is none."""
    found = deque(pattern.finditer(text), maxlen=1)
    return found[0] if found else None


def last_box(text: str) -> str | None:
    """Return what `samples.problems.fields.last_boxed` does, as a rule without reading all of the text.

    The box that begins last is the one wanted, if it is complete.
    """
    start = max(text.rfind(command) for command in (r"\boxed", r"\fbox", r"\framebox"))
    if start < 0:
        return None
    escaped = start and text[start - 1] == "\\"  # a line break and a word, perhaps: the full scan knows
    return (None if escaped else last_boxed(text[start:])) or last_boxed(text)


def cut(text: str | None) -> str | None:
    """Bound what is stored of an answer: one character more than `LONGEST` shows that there was more."""
    return text[: LONGEST + 1] if text else None
