"""Colour code blocks, within bounds: what a model wrote may be made to keep a highlighter busy for hours."""

import re
from collections.abc import Iterator

from samples.browse.layers import Span

_FENCE = re.compile(r"^[ \t]{0,3}(```|~~~)[ \t]*([\w+#.-]{0,20})[^\n]{0,200}$", re.MULTILINE)
# Of Pygments' lexers only those whose time grows with the length of the code, within the bounds below: those of C, C++
# and Java take 15 seconds for some texts of 20,000 characters.
_LEXERS = {
    "python": "python", "py": "python", "python3": "python", "json": "json", "bash": "bash", "sh": "bash",
    "javascript": "javascript", "js": "javascript",
}  # fmt: skip
# A block without a language is Python where a line begins so, as few lines of prose do.
_PYTHON = re.compile(
    r"^[ \t]*(?:(?:def|class|for|while|if|elif|with)\b[^\n]*:|return\b|import \w|from [\w.]+ import\b|print\(|\w+ = )",
    re.MULTILINE,
)
_MOST_BLOCKS, _MOST_CODE, _MOST_LINE, _MOST_IN_ALL = 50, 8_000, 400, 24_000  # blocks, and characters
_SHORT = {"k": "k", "n": "", "s": "s", "c": "c", "m": "n", "o": ""}  # first letter of Pygments' class


def code_spans(text: str, program: int | None = None) -> list[Span]:
    """Return the spans of words of code within fenced blocks. Long blocks, and blocks of other languages, have none.

    `program` is where a program begins that may stand there without a fence, as a run of HumanEval writes it.
    """
    spans: list[Span] = []
    left = _MOST_IN_ALL
    there = [*blocks(text)]
    if program is not None and all(start < program for start, *_ in there):
        there.append((program, len(text), ""))
    for start, stop, language in there:
        code = text[start:stop]
        if len(code) > min(left, _MOST_CODE) or "\r" in code or max(map(len, code.split("\n"))) > _MOST_LINE:
            continue
        name = _LEXERS.get(language) if language else "python" if _PYTHON.search(code) else None
        if name is None:
            continue
        left -= len(code)
        spans += _words(code, start, name)
    return spans


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


def _words(code: str, at: int, lexer: str) -> Iterator[Span]:
    from pygments.lexers import get_lexer_by_name
    from pygments.token import STANDARD_TYPES

    for start, kind, word in get_lexer_by_name(lexer).get_tokens_unprocessed(code):
        known = next(one for one in reversed(kind.split()) if one in STANDARD_TYPES)
        short = _SHORT.get(STANDARD_TYPES[known][:1], "")
        if short and word.strip():
            yield Span(at + start, at + start + len(word), f"c-{short}")
