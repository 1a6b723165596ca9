"""Find the last match or the last box in a completion, in one pass over it."""

import re
from collections import deque

from samples.problems.fields import last_boxed

MAX_CHARACTERS = 2_000  # of an answer; a longer one is truncated, and is wrong


def last_match(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """Return the last match, or None if there is none."""
    found = deque(pattern.finditer(text), maxlen=1)
    return found[0] if found else None


def last_box(text: str) -> str | None:
    """Return the same as `samples.problems.fields.last_boxed`, usually without reading all of the text.

    The box that begins last is the answer if it is complete, so the scan starts there.
    """
    start = max(text.rfind(command) for command in (r"\boxed", r"\fbox", r"\framebox"))
    if start < 0:
        return None
    escaped = start and text[start - 1] == "\\"  # it may be a line break and a word; only the full scan can decide
    return (None if escaped else last_boxed(text[start:])) or last_boxed(text)


def truncate(text: str | None) -> str | None:
    """Limit the length of a stored answer. It keeps one character more than `MAX_CHARACTERS`, to show the cut."""
    return text[: MAX_CHARACTERS + 1] if text else None
