r"""Find the final answer of a completion. One rule, for `numeric`, `choice`, `math` and `paper-math`.

1. Special tokens that were left in the text are dropped.
2. What follows the thinking is searched first. Only if it gives no answer, all of the completion is searched.
3. The first of these forms that gives an answer counts, and in it the last one that does:
- <answer>…</answer>, also not closed;
- \boxed{…} that is not empty; several are one answer if only commas, "and" or "or" stand between them;
- the field "answer" of a JSON object that is all of the text, or a fenced block;
- `#### …`;
- "the answer is …", "Answer: …", and the same in other languages, to the end of the sentence;
- what the verifier takes without any of these.

The verifier says what an answer is: a letter for `choice`, a number for `numeric`. A box with a formula holds no
letter, so `choice` goes on to the next form. `boxed-exact` follows 1 and 2, and looks for boxes alone.
"""

import re
from collections import deque
from collections.abc import Callable, Iterator

from samples.verifiers.boxes import MAX_CHARACTERS, boxed, is_cut_off, last_box, without_empty
from samples.verifiers.statements import in_json, marked, stated, tagged
from samples.verifiers.visible import seen_and_all

__all__ = ["MAX_CHARACTERS", "final_answer", "last_box", "last_match", "truncate"]


def final_answer(
    completion: str,
    read: Callable[[str], str | None],
    read_statement: Callable[[str], str | None],
    otherwise: Callable[[str], str | None],
    *,
    cut_off_box: bool = False,
) -> str | None:
    r"""Return the final answer of a completion, or None if it gives none.

    `read` takes the answer from a tag, box, JSON field or mark, `read_statement` from the sentence behind "the answer
    is", `otherwise` from a text without these. Each gives None if there is none, and "" if no other form shall be
    tried. `cut_off_box` ends the search at a box that never ends.
    """
    for text in seen_and_all(completion):
        for found in _found(text, read, read_statement, otherwise, cut_off_box=cut_off_box):
            if found is not None:
                return truncate(found)
    return None


def _found(
    text: str,
    read: Callable[[str], str | None],
    read_statement: Callable[[str], str | None],
    otherwise: Callable[[str], str | None],
    *,
    cut_off_box: bool,
) -> Iterator[str | None]:
    tag = tagged(text)
    box = boxed(text if tag is None else tag)
    yield read(box) if box else None
    yield read(tag) if tag else None
    if tag and not box and (box := boxed(text)):
        yield read(box)
    if cut_off_box and not box and is_cut_off(text):
        yield ""
    text = without_empty(text)
    for form in (in_json, marked):
        found = form(text)
        yield read(found) if found else None
    for statement in stated(text):
        yield read_statement(statement)
    yield otherwise(text)


def last_match(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """Return the last match, or None if there is none."""
    found = deque(pattern.finditer(text), maxlen=1)
    return found[0] if found else None


def truncate(text: str | None) -> str | None:
    """Limit the length of a stored answer. It keeps one character more than `MAX_CHARACTERS`, to show the cut."""
    return text[: MAX_CHARACTERS + 1] if text else None
