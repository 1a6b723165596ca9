"""Find parts of a completion that a reader looks for: its thinking, and the answer that a verifier took."""

import re

from samples.browse.layers import Span

_OPEN, _CLOSE = re.compile(r"<(think|thinking|reasoning)>"), "</{}>"


def thinking(text: str) -> tuple[int, int] | None:
    """Return where the thinking of a completion begins and ends, its tags included; None where it has none.

    A prompt may open it, so that only the end stands in the completion. Without an end, it goes on to the end.
    """
    opened = _OPEN.search(text, 0, 10_000)
    names = [opened[1]] if opened else ["think", "thinking", "reasoning"]
    for name in names:
        tag = _CLOSE.format(name)
        closed = text.find(tag, opened.end() if opened else 0)
        if closed >= 0:
            return (opened.start() if opened else 0), closed + len(tag)
    return (opened.start(), len(text)) if opened else None


def answer_span(text: str, answer: str | None, verifier: str) -> Span | None:
    """Return where the extracted answer stands: in the last box if it is there, else where it stands last."""
    if not answer or not answer.strip():
        return None
    boxed = text.rfind(f"\\boxed{{{answer}}}")
    start = boxed + len("\\boxed{") if boxed >= 0 else _last_word(text, answer)
    if start < 0:
        return None
    return Span(start, start + len(answer), "answer", f"answer that {verifier} took")


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
