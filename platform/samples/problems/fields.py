r"""Which field of a row is the question, the gold answer, the id, the unit tests; and what a gold answer is.

Files name their fields in many ways; the names known here are tried in order, letter case aside. A gold answer is
the text that a right completion ends in, so it is taken out of what surrounds it (`#### 18`, `\boxed{18}`, `$18$`).
Anything more (thousands separators, leading zeros, LaTeX) is the verifiers' to judge and stays as the file has it.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from samples.errors import ProblemsError

_SOLUTIONS = ("solution", "rationale")  # derivations: gold only where they mark the answer
_NAMES = {
    "id": ("id", "problem_id", "unique_id", "task_id", "question_id", "idx", "index", "uid"),
    "question": ("question", "problem", "prompt", "question_content", "query", "instruction", "input", "text"),
    "answer": (
        *("answer", "final_answer", "gold_answer", "expected_answer", "correct_answer", "reference_answer"),
        *("ground_truth", "gold", "gt", "target", *_SOLUTIONS),
    ),
    "tests": ("tests", "test", "test_list", "unit_tests", "public_test_cases", "input_output"),
}
# Fields that may hold a gold answer or give it away: a prompt has no use for them.
GOLD = frozenset({*_NAMES["answer"], *_NAMES["tests"], "canonical_solution", "code", "private_test_cases"})

_LAST_LINE = re.compile(r"(?:\A|\n)####[ \t]*([^\n]*\S)\s*\Z")
_DOLLARS = re.compile(r"\$([^$]+)\$")
_BOX = re.compile(r"\\(?:boxed|fbox|framebox)(?:\s*(\{)|\s+([^\s\\${}]+))|\\.|[{}]", re.DOTALL)


def choose(source: str, rows: Iterable[Mapping[str, Any]], named: Mapping[str, str]) -> dict[str, str]:
    """Choose the field of each role ("id", "question", "answer", "tests"); only "question" is always there.

    A field counts when some row has a value in it. `named` maps roles to fields and comes before all names.

    Raises:
        ProblemsError: A named field, or any question field, is not there; says which fields are.
    """
    filled: dict[str, str] = {}  # lower-case name -> name, first seen first
    marked: set[str] = set()
    for row in rows:
        for field, value in row.items():
            if not missing(value):
                filled.setdefault(field.lower(), field)
                if field.lower() in _SOLUTIONS and gold(value, derivation=True)[0]:
                    marked.add(field.lower())
    there = f"the fields with values are {', '.join(filled.values()) or 'none'}"
    chosen: dict[str, str] = {}
    for role, names in _NAMES.items():
        if role in named:
            if named[role] not in filled.values():
                raise ProblemsError(f'{source}: --{role}-field names "{named[role]}"; {there}')
            chosen[role] = named[role]
            continue
        found = next((name for name in names if name in filled and (name not in _SOLUTIONS or name in marked)), None)
        if found is not None:
            chosen[role] = filled[found]
    if "question" not in chosen:
        raise ProblemsError(f"{source}: no field is a question by its name; {there}; name one with --question-field")
    return chosen


def missing(value: Any) -> bool:
    """Whether a field holds nothing: null, no text but blanks, an empty list or object."""
    return value is None or value in ([], {}) or (isinstance(value, str) and not value.strip())


def is_derivation(field: str) -> bool:
    """Whether a field of this name holds a derivation, whose answer is only what it marks as such."""
    return field.lower() in _SOLUTIONS


def gold(value: Any, *, derivation: bool) -> tuple[str | None, str]:
    r"""Take the gold answer out of a field's value; the second text says how, "" for as it is.

    What follows `####` on the last line (GSM8K), else what the last \boxed holds (MATH, Minerva), else the value
    itself, unless it is a `derivation`. The values of a list (OlympiadBench) are joined by ", ".
    """
    if missing(value):
        return None, ""
    if isinstance(value, list) and not derivation:
        parts = [gold(item, derivation=False)[0] for item in value]
        return ", ".join(part for part in parts if part) or None, "values of the list" if len(parts) > 1 else ""
    text = as_text(value).strip()
    if after := _LAST_LINE.search(text):
        return after[1], "after ####"
    if boxed := last_boxed(text):
        return boxed, r"last \boxed"
    if derivation:
        return None, ""
    # Dollars only say that TeX follows, and most sets leave them out. Those of `$69$,$84$` stay: no pair is outermost.
    inner = _DOLLARS.fullmatch(text)
    return inner[1].strip() if inner else text, ""


def last_boxed(text: str) -> str | None:
    r"""Return what the last complete \boxed{…}, \fbox{…} or \framebox{…} of `text` holds; None where there is none.

    Of nested boxes the inner one is the last. Braces balance, `\{` and `\}` aside; `\boxed 5` holds 5. One pass over
    the text, however deep its braces.
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


def as_text(value: Any) -> str:
    """Write a value as text: text as it is, everything else as JSON.

    A float that is a whole number loses its ".0": such files were written from tables where one missing or broken
    value made a column of integers a column of floats, and no completion ends in "27.0".
    """
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value, ensure_ascii=False)


def tests_json(values: Mapping[str, Any], field: str) -> str | None:
    """Return a row's unit tests as JSON text: JSON as it is, code (HumanEval) with the `entry_point` beside it."""
    value = values.get(field)
    if missing(value):
        return None
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    try:
        if isinstance(json.loads(value), list | dict):
            return value
    except (ValueError, RecursionError):
        pass
    entry = {"entry_point": values["entry_point"]} if "entry_point" in values else {}
    return json.dumps({field: value, **entry}, ensure_ascii=False)
