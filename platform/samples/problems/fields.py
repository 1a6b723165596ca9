"""Find the question, the gold answer, the id and the unit tests among the fields of a row.

Files name their fields in many ways. The names known here are tried in order, in any letter case.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from samples.errors import ProblemsError
from samples.problems.answers import gold_answers, is_missing

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
                if field.lower() in _SOLUTIONS and gold_answers(value, derivation=True).answers:
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


def is_derivation(field: str) -> bool:
    """Return whether a field of this name holds a derivation. Only what a derivation marks is its answer."""
    return field.lower() in _SOLUTIONS


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
