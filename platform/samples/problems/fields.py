r"""Find the question, the gold answer, the id and the unit tests among the fields of a row.

Files name their fields in many ways. The names known here are tried in order, in any letter case. A gold answer is
the text that a correct completion ends in, so it is extracted from what surrounds it (`#### 18`, `\boxed{18}`, `$18$`).
Everything else (thousands separators, leading zeros, LaTeX) stays as the file has it: verifiers judge it.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from samples.errors import ProblemsError
from samples.files.values import as_text

_SOLUTIONS = ("solution", "rationale")  # derivations: they hold a gold answer only where they mark it
_NAMES = {
    "id": ("id", "problem_id", "unique_id", "task_id", "question_id", "idx", "index", "uid"),
    "question": ("question", "problem", "prompt", "question_content", "query", "instruction", "input", "text"),
    "answer": (
        *("answer", "final_answer", "gold_answer", "expected_answer", "correct_answer", "reference_answer"),
        *("ground_truth", "gold", "gt", "target", *_SOLUTIONS),
    ),
    "tests": ("tests", "test", "test_list", "unit_tests", "public_test_cases", "input_output"),
}
# Fields that may hold the gold answer or reveal it. Prompt templates do not get them.
GOLD = frozenset({*_NAMES["answer"], *_NAMES["tests"], "canonical_solution", "code", "private_test_cases"})

_LAST_LINE = re.compile(r"(?:\A|\n)####[ \t]*([^\n]*\S)\s*\Z")
_DOLLARS = re.compile(r"\$([^$]+)\$")
_BOX = re.compile(r"\\(?:boxed|fbox|framebox)(?:\s*(\{)|\s+([^\s\\${}]+))|\\.|[{}]", re.DOTALL)


def choose_fields(source: str, rows: Iterable[Mapping[str, Any]], named: Mapping[str, str]) -> dict[str, str]:
    """Choose the field of each role ("id", "question", "answer", "tests"); only "question" must be there.

    A field counts when some row has a value in it. `named` maps roles to fields, and overrules the known names.

    Raises:
        ProblemsError: A named field or any question field is missing. The message lists the fields.
    """
    filled: dict[str, str] = {}  # lower-case name -> name, first seen first
    marked: set[str] = set()
    for row in rows:
        for field, value in row.items():
            if not is_missing(value):
                filled.setdefault(field.lower(), field)
                if field.lower() in _SOLUTIONS and gold_answer(value, derivation=True)[0]:
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
        raise ProblemsError(f"{source}: found no question field; {there}; name one with --question-field")
    return chosen


def is_missing(value: Any) -> bool:
    """Return whether a field holds nothing: null, blank text, an empty list or object."""
    return value is None or value in ([], {}) or (isinstance(value, str) and not value.strip())


def is_derivation(field: str) -> bool:
    """Return whether a field of this name holds a derivation. Only what a derivation marks is its answer."""
    return field.lower() in _SOLUTIONS


def gold_answer(value: Any, *, derivation: bool) -> tuple[str | None, str]:
    r"""Extract the gold answer from a field's value; the second text says how, "" when the value itself is the answer.

    The answer is what follows `####` on the last line (GSM8K), else what the last \boxed holds (MATH, Minerva), else
    the value itself, unless it is a `derivation`. The values of a list (OlympiadBench) are joined by ", ".
    """
    if is_missing(value):
        return None, ""
    if isinstance(value, list) and not derivation:
        parts = [gold_answer(item, derivation=False)[0] for item in value]
        return ", ".join(part for part in parts if part) or None, "values of the list" if len(parts) > 1 else ""
    text = as_text(value).strip()
    if after := _LAST_LINE.search(text):
        return after[1], "after ####"
    if boxed := last_boxed(text):
        return boxed, r"last \boxed"
    if derivation:
        return None, ""
    # Dollars only mark TeX, and most problem sets omit them. Those of `$69$,$84$` stay: no pair encloses the whole.
    inner = _DOLLARS.fullmatch(text)
    return inner[1].strip() if inner else text, ""


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


def tests_json(values: Mapping[str, Any], field: str) -> str | None:
    """Return a row's unit tests as JSON text. JSON stays as it is; code (HumanEval) gets its `entry_point`."""
    value = values.get(field)
    if is_missing(value):
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
