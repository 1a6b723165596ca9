r"""Find the boxes of a completion: \boxed, \fbox and \framebox, in one pass over it.

An empty box is only spoken of. `\\boxed{5}`, `boxed{5}` and `$boxed{5}$` are boxes, too. The minus of `-\boxed{5}`
belongs to the answer. Boxes joined only by commas, "and" and "or" are one answer.
"""

import re

from samples.problems.answers import last_boxed

MAX_CHARACTERS = 2_000  # of an answer; a longer one is truncated, and is wrong
_JOINED = 20  # boxes of one answer
_BETWEEN = 100  # characters between two boxes that are joined
_CUT_OFF = re.compile(r"\\(?:boxed|fbox|framebox)\s*\{(?!\s*\})")
_JOINT = re.compile(
    r"\}\s*\$?\s*(?:,|;|,?\s*(?:\\text\s*\{\s*)?(?:and|or)(?:\s*\})?)\s*\$?\s*(?:[A-Za-z]\w{0,2}\s*=\s*)?\\boxed\s*\{\Z"
)
_EMPTY = re.compile(r"\\*(?:boxed|fbox|framebox)\s*\{(?:\s|\\[,;! ]|\\(?:ldots|dots|cdot|text|quad)|[.…{}])*\}")
_ODD = re.compile(r"\\\\(?=boxed\s*\{)|(?<![\\A-Za-z])(?=boxed\s*\{)")
_MINUS = re.compile(r"(?:\A|[^\w)}\]])\s*(?:[-\u2212]|-\s*(?<=[$=]\s-\s))\Z")


def last_box(text: str) -> str | None:
    """Return the content of the last box, as `samples.problems.answers.last_boxed`, without reading all of the text.

    The box that begins last is the answer if it is complete, so the scan starts there.
    """
    start = max(text.rfind(command) for command in (r"\boxed", r"\fbox", r"\framebox"))
    if start < 0:
        return None
    escaped = start and text[start - 1] == "\\"  # it may be a line break and a word; only the full scan can decide
    return (None if escaped else last_boxed(text[start:])) or last_boxed(text)


def boxed(text: str) -> str | None:
    """Return the content of the last box that holds something; None without one. Joined boxes are one answer."""
    found = last_box(text)
    if found is None and "box" in text:
        text = without_empty(_ODD.sub(r"\\", text))
        found = last_box(text)
    return None if found is None else _joined(text[-MAX_CHARACTERS:], found)


def without_empty(text: str) -> str:
    """Return a text without its empty boxes."""
    return _EMPTY.sub("", text) if "box" in text else text


def is_cut_off(text: str) -> bool:
    """Return whether a box begins that never ends. Ask only where `boxed` found none."""
    return _CUT_OFF.search(text) is not None


def _joined(tail: str, last: str) -> str:
    """Join the last box with the boxes before it, as long as only a comma, "and" or "or" is between them."""
    parts = [last]
    before = tail[: tail.rfind(last)].rstrip()
    sign = _sign(before)
    while len(parts) < _JOINED and (joint := _JOINT.search(before[-_BETWEEN:])):
        before = before[: len(before) - len(before[-_BETWEEN:]) + joint.start()].rstrip()
        previous = last_box(before + "}")
        if not previous or not before.endswith(previous):
            break
        before = before.removesuffix(previous).rstrip()
        parts[0], sign = sign + parts[0], ""
        parts.insert(0, _sign(before) + previous)
    return sign + ", ".join(parts)


def _sign(before: str) -> str:
    r"""Return the minus that stands right before \boxed{, at the end of a text."""
    command = before.rfind("\\")
    return "-" if command > 0 and _MINUS.search(before[max(0, command - 5) : command]) else ""
