"""Colour code blocks, within bounds: what a model wrote may be made to keep a highlighter busy for hours."""

import re
from collections.abc import Iterator

from samples.browse.layers import Span

_FENCE = re.compile(r"^[ \t]{0,3}(```|~~~)[ \t]*([\w+#.-]{0,20})[^\n]{0,200}$", re.MULTILINE)
_LEXERS = {
    "python": "python", "py": "python", "python3": "python", "json": "json", "bash": "bash", "sh": "bash", "c": "c",
    "cpp": "cpp", "c++": "cpp", "java": "java", "javascript": "javascript", "js": "javascript",
}  # fmt: skip
_MOST_BLOCKS, _MOST_CODE, _MOST_LINE = 50, 20_000, 1_000  # blocks, and characters of a block and of its longest line
_SHORT = {"k": "k", "n": "", "s": "s", "c": "c", "m": "n", "o": ""}  # first letter of Pygments' class


def code_spans(text: str) -> list[Span]:
    """Return the spans of words of code within fenced blocks. Long blocks, and blocks of other languages, have none."""
    return [span for start, stop, language in blocks(text) for span in _words(text[start:stop], start, language)]


def blocks(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield start, stop and language of the fenced code blocks of a text; the fences are not part of them."""
    opened: re.Match[str] | None = None
    count = 0
    for fence in _FENCE.finditer(text):
        if opened is None:
            opened = fence
        elif fence[1] == opened[1] and not fence[2]:
            yield min(opened.end() + 1, fence.start()), fence.start(), opened[2].lower()
            opened, count = None, count + 1
            if count == _MOST_BLOCKS:
                return
    if opened is not None:
        yield min(opened.end() + 1, len(text)), len(text), opened[2].lower()


def _words(code: str, at: int, language: str) -> Iterator[Span]:
    if len(code) > _MOST_CODE or any(len(line) > _MOST_LINE for line in code.splitlines()):
        return
    from pygments.lexers import get_lexer_by_name
    from pygments.token import STANDARD_TYPES

    if (name := _LEXERS.get(language)) is None:
        return
    for start, kind, word in get_lexer_by_name(name).get_tokens_unprocessed(code):
        while kind not in STANDARD_TYPES:
            kind = kind.parent  # noqa: PLW2901 - a kind without a class has that of its parent
        short = _SHORT.get(STANDARD_TYPES[kind][:1], "")
        if short and word.strip():
            yield Span(at + start, at + start + len(word), f"c-{short}")
