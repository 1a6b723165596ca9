"""Find the problem of each row: the field that has one value for each question, and another one for other questions.

Files number rows, requests and samples too. In the first rows of a file, an id of the problem has one question and one
gold answer, and a question has one id. If no field is such an id, the problem is known by its question.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from samples.exchange.shapes.dotted import last
from samples.exchange.shapes.messages import question_of
from samples.exchange.shapes.names import ABOUT_THE_PROBLEM, ID, INDEX
from samples.exchange.shapes.seen import Seen


def choose_id(seen: Seen, chosen: Mapping[str, str]) -> str | None:
    """Return the field that is the problem's id; None if there is none."""
    questions = [_question(value) for value in _column(seen, chosen.get("question"))]
    golds = [repr(value) if value is not None else None for value in _column(seen, chosen.get("gold"))]
    rank = {name: number for number, name in enumerate(ID)}
    names = [name for name in seen.named(ID) if all(part.lower() in ABOUT_THE_PROBLEM for part in name.split(".")[:-1])]
    for name in sorted(names, key=lambda name: (rank[last(name)], name.count("."))):
        ids = [_id(value) for value in seen.values[name]]
        whole = None not in ids and name not in chosen.values()
        if whole and _one_each(ids, questions) and _one_each(questions, ids) and _one_each(ids, golds):
            return name
    return None


def choose_gold(seen: Seen, chosen: Mapping[str, str], names: Iterable[str]) -> str | None:
    """Return the first of `names` with one value for each question; else the right one of its choices (lighteval)."""
    questions = [_question(value) for value in _column(seen, chosen.get("question"))]
    for name in names:
        golds = [repr(value) if value is not None else None for value in seen.values[name]]
        if _one_each(questions, golds) and name not in chosen.values():
            return name
    for name in seen.named(["gold_index"]):
        listed = f"{name.rpartition('.')[0]}.choices".lstrip(".")
        if seen.there(listed):
            return listed
    return None


def choose_index(seen: Seen, chosen: Mapping[str, str]) -> str | None:
    """Return the field that numbers the samples of a problem; None if there is none."""
    problems = _column(seen, chosen.get("id"))
    if "id" not in chosen:
        problems = [_question(value) for value in _column(seen, chosen.get("question"))]
    for name in seen.named(INDEX):
        values = [_id(value) for value in seen.values[name]]
        whole = all(value is not None and value.removesuffix(".0").isdecimal() for value in values)
        if whole and len({(repr(a), b) for a, b in zip(problems, values, strict=True)}) == len(values):
            return name
    return None


def _column(seen: Seen, name: str | None) -> list[Any]:
    none: list[Any] = [None] * len(seen.rows)
    return none if name is None else seen.values.get(name, none)


def _question(value: Any) -> str | None:
    found = question_of(value)
    return found.strip() if found is not None else None


def _id(value: Any) -> str | None:
    return None if isinstance(value, list | dict | bool) or value is None else str(value)


def _one_each(keys: list[str | None], values: list[str | None]) -> bool:
    """Return whether each key has one value. What is missing does not count."""
    known: dict[str, str] = {}
    return all(
        known.setdefault(key, value) == value
        for key, value in zip(keys, values, strict=True)
        if None not in {key, value} and key and value
    )
