r"""The gold answers of a problem, out of the value that a file has for them. Problem files and sample files share it.

A gold answer is the text that a correct completion ends in, so it is extracted from what surrounds it (`#### 18`,
`\boxed{18}`, `$18$`). Everything else (thousands separators, leading zeros, LaTeX) stays as the file has it: verifiers
judge it. True is "yes", false is "no".

A list holds alternatives, and any of them is correct: a list in a field `answer` or `answers`, TriviaQA's value and
aliases, SQuAD's texts, DROP's spans. A list inside a list holds values that belong together: they are one answer,
joined by ", ". So is a list of which the row says so (`is_multiple_answer`), and OlympiadBench's `final_answer`.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from samples.files.values import as_text

# Objects that hold alternatives: the fields that hold them, in order. The first one says whether the object is such.
_OBJECTS = (("value", "aliases"), ("text",), ("spans",), ("answers",))
_TOGETHER = "final_answer"  # OlympiadBench: a list of one text, or of the values of one answer
_FLAG = "is_multiple_answer"
# Fields that hold further accepted answers beside the field with the gold answer.
ALIASES = (
    *("aliases", "answer_aliases", "accepted_answers", "acceptable_answers", "alternative_answers", "other_answers"),
    *("correct_answers", "validated_answers"),
)

_LAST_LINE = re.compile(r"(?:\A|\n)####[ \t]*([^\n]*\S)\s*\Z")
_DOLLARS = re.compile(r"\$([^$]+)\$")
_BOX = re.compile(r"\\(?:boxed|fbox|framebox)(?:\s*(\{)|\s+([^\s\\${}]+))|\\.|[{}]", re.DOTALL)


class Gold(NamedTuple):
    """The accepted answers, each of them once, and how they were found: "" if the value itself is the answer."""

    answers: tuple[str, ...]
    how: str = ""


def gold_answers(value: Any, *, derivation: bool = False, together: bool = False) -> Gold:
    """Return the accepted answers that a value of a row, of any JSON kind, holds; none if it holds nothing.

    A `derivation` holds an answer only where it marks it. `together` says that the values of a list are one answer.
    """
    value = _alternatives(value)
    if not isinstance(value, list) or derivation:
        text, how = _one(value, derivation=derivation)
        return Gold((text,) if text else (), how)
    items: list[Any] = [one for item in value for one in (_as_list(item) if isinstance(item, dict) else [item])]
    found = [text for item in items if (text := _one(item)[0])]
    if together:
        return Gold((", ".join(found),) if found else (), "values of the list" if len(value) > 1 else "")
    distinct = tuple(dict.fromkeys(found))
    return Gold(distinct, f"any of {len(distinct)}" if len(distinct) > 1 else "")


def belong_together(field: str, row: Mapping[str, Any]) -> bool:
    """Return whether the values of a list in this field of a row are one answer. Else they are alternatives."""
    said = next((value for name, value in row.items() if name.lower() == _FLAG), None)
    if isinstance(said, bool):
        return said
    return field.lower() == _TOGETHER or str(said).lower() == "true"


def is_missing(value: Any) -> bool:
    """Return whether a field holds nothing: null, blank text, an empty list or object."""
    return value is None or value in ([], {}) or (isinstance(value, str) and not value.strip())


def _as_list(value: Any) -> list[Any]:
    found = _alternatives(value)
    return found if isinstance(found, list) else [found]


def _alternatives(value: Any) -> Any:
    """Return the alternatives that an object holds, as a list; any other value as it is."""
    if not isinstance(value, dict):
        return value
    value = {str(name).lower(): item for name, item in value.items()} | value
    if {"number", "spans"} <= value.keys():  # DROP's own files: the spans of one answer belong together
        given: Any = value.get("date")
        date: dict[str, Any] = given if isinstance(given, dict) else {}
        day = " ".join(str(date[part]) for part in ("day", "month", "year") if not is_missing(date.get(part)))
        return [value["number"] if not is_missing(value["number"]) else value["spans"] or day]
    names = next((names for names in _OBJECTS if names[0] in value), ())
    held = [value[name] for name in names if not is_missing(value.get(name))]
    return [item for one in held for item in (one if isinstance(one, list) else [one])] if names else value


def _one(value: Any, *, derivation: bool = False) -> tuple[str | None, str]:
    """Return the one answer that a value is, and how it was found."""
    if is_missing(value):
        return None, ""
    if isinstance(value, list) and not derivation:
        parts = [text for item in value if (text := _one(item)[0])]
        return ", ".join(parts) or None, "values of the list"
    text = {True: "yes", False: "no"}[value] if isinstance(value, bool) else as_text(value).strip()
    inner, how = _step(text)
    if derivation and not how:
        return None, ""
    while inner != text:  # `#### $18$` is 18: what was extracted once comes out of the next extraction unchanged
        text, (inner, _) = inner, _step(inner)
    return text, how


def _step(text: str) -> tuple[str, str]:
    r"""Return what follows `####` on the last line (GSM8K), else what the last \boxed holds (MATH), else the text."""
    if after := _LAST_LINE.search(text):
        return after[1].strip(), "after ####"
    if boxed := last_boxed(text):
        return boxed, r"last \boxed"
    # Dollars only mark TeX, and most problem sets omit them. Those of `$69$,$84$` stay: no pair encloses the whole.
    inner = _DOLLARS.fullmatch(text)
    return (inner[1].strip() or text) if inner else text, ""


def last_boxed(text: str) -> str | None:
    r"""Return the content of the last complete \boxed{…}, \fbox{…} or \framebox{…} in `text`; None without one.

    Of nested boxes the inner one is the last. Braces must balance; `\{` and `\}` do not count. `\boxed 5` holds 5. The
    text is read once, however deep its braces.
    """
    open_at: list[int | None] = []  # for each open brace: where the content of its box starts, None for a plain brace
    last = (-1, "")
    for token in _BOX.finditer(text):
        if token[1] or token[0] == "{":
            open_at.append(token.end() if token[1] else None)
        elif token[2]:
            last = max(last, (token.start(2), token[2]))
        elif token[0] == "}" and open_at:
            start = open_at.pop()
            if start is not None and start > last[0]:
                last = (start, text[start : token.start()].strip())
    return last[1] or None
