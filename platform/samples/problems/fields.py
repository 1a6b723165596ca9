"""Find the question, the gold answer, the id and the unit tests among the fields of a row.

Files name their fields in many ways. The names known here are tried in order, in any letter case, with blanks or
hyphens for underscores. A dotted name, such as `reward_model.ground_truth`, is a field of an object inside the row.
What becomes of a gold answer, and of a list of them, is the rule of `samples.problems.answers`.
"""

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from samples.errors import ProblemsError
from samples.problems.answers import ALIASES, gold_answers, is_missing

_SOLUTIONS = ("solution", "rationale")  # derivations: they hold a gold answer only where they mark it
_NAMES = {
    "id": (
        *("id", "problem_id", "unique_id", "task_id", "question_id", "idx", "index", "uid"),
        *("record_id", "query_id", "questionid", "iindex", "extra_info.index"),
    ),
    "question": (
        *(
            "question.stem",
            "question",
            "problem",
            "prompt",
            "question_content",
            "query",
            "instruction",
            "input",
            "text",
        ),
        *("complete_prompt", "instruct_prompt", "question_stem", "squestion", "messages"),
    ),
    "answer": (
        *("answer", "final_answer", "gold_answer", "expected_answer", "correct_answer", "reference_answer"),
        *("ground_truth", "gold", "gt", "target", *_SOLUTIONS),
        *("answers", "correct", "correct_option", "correct_choice", "answerkey", "answer_key", "answer_idx"),
        *("answer_index", "cop", "final_ans", "lsolutions", "possible_answers", "answers_spans", "label"),
        *("best_answer", "accepted_answers", "acceptable_answers", "correct_answers", "aliases"),
        "reward_model.ground_truth",
    ),
    "tests": ("tests", "test", "test_list", "unit_tests", "public_test_cases", "input_output"),
}
# Fields that may hold the gold answer or reveal it. Prompt templates do not get them, nor do fields whose names end or
# begin so, at any depth.
GOLD = frozenset(
    {
        *_NAMES["answer"],
        *_NAMES["tests"],
        *ALIASES,
        *("canonical_solution", "code", "private_test_cases", "solutions", "generations", "messages"),
        *("explanation", "cot_content", "normalized_aliases", "normalized_value", "equation", "formula"),
    }
)
_GOLD_ENDS = ("_answer", "_answers", "_solution", "_explanation")
_GOLD_BEGINS = ("incorrect", "distractor")


def choose_fields(source: str, rows: Iterable[Mapping[str, Any]], named: Mapping[str, str]) -> dict[str, str]:
    """Choose the field of each role ("id", "question", "answer", "tests"); only "question" must be there.

    A field counts when some row has a value in it. `named` maps roles to fields, and overrules the known names.

    Raises:
        ProblemsError: A named field or any question field is missing. The message lists the fields.
    """
    filled: dict[str, str] = {}  # plain name -> name, first seen first
    marked: set[str] = set()
    dotted = [name for name in (*named.values(), *(name for names in _NAMES.values() for name in names)) if "." in name]
    for row in rows:
        for field, value in row.items():
            if not is_missing(value):
                filled.setdefault(plain(field), field)
                if plain(field) in _SOLUTIONS and gold_answers(value, derivation=True).answers:
                    marked.add(plain(field))
        inner = [name for name in dotted if name not in filled and not is_missing(value_of(row, name))]
        filled |= dict(zip(inner, inner, strict=True))
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


@lru_cache(10_000)  # of every field of every row
def plain(name: str) -> str:
    """Return a field's name as the known names are written: "Correct Answer" is correct_answer."""
    return name.strip().lower().replace(" ", "_").replace("-", "_")


def value_of(row: Mapping[str, Any], name: str) -> Any:
    """Return the value of a field; None if there is none. A dotted name goes into objects, also those kept as JSON."""
    if name in row:
        return row[name]
    head, _, rest = name.partition(".")
    inner = row.get(head) if rest else None
    if isinstance(inner, str):
        inner = parsed(inner)
    return value_of(inner, rest) if isinstance(inner, dict) else None


def parsed(text: str) -> Any:
    """Return the JSON value that a text is; None if it is none."""
    try:
        return json.loads(text) if text[:1] in {"{", "["} else None
    except (ValueError, RecursionError):
        return None


def is_derivation(field: str) -> bool:
    """Return whether a field of this name holds a derivation. Only what a derivation marks is its answer."""
    return plain(field) in _SOLUTIONS


def without_gold(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row's metadata without the fields that may hold or reveal the gold answer, at any depth."""
    return {name: _without_gold(value) for name, value in metadata.items() if not _reveals(plain(name))}


def _without_gold(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_gold(item) for item in value]
    if not isinstance(value, dict):
        return value
    # The labels inside an object are those of options.
    kept = {name: item for name, item in value.items() if name == "label" or not _reveals(plain(name))}
    return {name: _without_gold(item) for name, item in kept.items()}


def _reveals(name: str) -> bool:
    return name in GOLD or name.endswith(_GOLD_ENDS) or name.startswith(_GOLD_BEGINS)


def tests_json(values: Mapping[str, Any], field: str) -> str | None:
    """Return a row's unit tests as JSON text. JSON stays as it is; code (HumanEval) gets its `entry_point`."""
    value = value_of(values, field)
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
