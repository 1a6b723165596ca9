"""Find parts of a completion that a reader looks for: its thinking, and the answer that a verifier took."""

import re

from samples.browse.layers import Span
from samples.verifiers.visible import CLOSES, OPENS

_MARK = re.compile(f"(?P<opens>{OPENS.pattern})|{CLOSES.pattern}", re.IGNORECASE)
_OPEN_AT_END = re.compile(rf"(?:{OPENS.pattern})\s*\Z", re.IGNORECASE)
_MOST_TEXT = 1 << 20  # characters in which marks of thinking are looked for
_MOST_PARTS = 50
_END = 200  # characters of a prompt in which it may open the thinking


def thinking(text: str, prompt: str = "") -> list[tuple[int, int]]:
    """Return where the parts of a completion that are thinking begin and end, their marks included.

    Verifiers know the same marks. A prompt may open the first part, so that only its end stands in the completion. A
    part without an end goes on to the end of the text. An end without a beginning goes back to the part before it, or
    to the beginning.
    """
    parts: list[tuple[int, int]] = []
    start = 0 if _OPEN_AT_END.search(prompt[-_END:]) else None
    for mark in _MARK.finditer(text, 0, _MOST_TEXT):
        if len(parts) == _MOST_PARTS:
            return parts
        if not mark["opens"]:
            begin = (parts.pop()[0] if parts else 0) if start is None else start
            parts.append((begin, mark.end()))
            start = None
        elif start is None:
            start = mark.start()
    return parts if start is None else [*parts, (start, len(text))]


def answer_span(text: str, answer: str | None, verifier: str) -> Span | None:
    """Return where the extracted answer stands: in the last box if it is there, else where it stands last."""
    if not answer or not answer.strip():
        return None
    boxed = text.rfind(f"\\boxed{{{answer}}}")
    start = boxed + len("\\boxed{") if boxed >= 0 else _last_word(text, answer)
    if start < 0:
        return None
    several = " lines" if "\n" in answer.strip() else ""
    return Span(start, start + len(answer), f"answer{several}", f"answer that {verifier} took")


def _last_word(text: str, answer: str) -> int:
    """Return where an answer stands last as whole words; -1 where it does not. "2" stands in neither "12" nor "1.2"."""
    at = len(text)
    for _ in range(1000):
        at = text.rfind(answer, 0, at)
        if at < 0:
            return -1
        if not _goes_on(text[max(at - 2, 0) : at][::-1], answer[0]) and not _goes_on(
            text[at + len(answer) : at + len(answer) + 2], answer[-1]
        ):
            return at
        at = at + len(answer) - 1
    return -1


def _goes_on(beside: str, end: str) -> bool:
    """Return whether a word that ends with `end` goes on in the two letters beside it, the nearer one first."""
    if beside[:1] in {".", ","}:
        return end.isdigit() and beside[1:].isdigit()
    return end.isalnum() and beside[:1].isalnum()
