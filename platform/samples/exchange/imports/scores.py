"""Find the verdicts of rows: the field that says whether a sample is correct.

A field is certain if its name says so (correct, acc, passed …) and all its values are true or false. A score or reward
is certain if it is from 0 to 1: 1 is correct, and less is wrong, with the number as the reward. Where certain fields
disagree, or a score has another range, somebody must choose with --score. A score of several texts together gives no
verdict.
"""

import re
from typing import Any

from samples.exchange.imports.fields import UnclearScore
from samples.exchange.shapes.dotted import last, lookup
from samples.exchange.shapes.seen import Seen
from samples.files.errors import BadRow
from samples.files.values import short_json
from samples.verifiers import Verdict

_CERTAIN = re.compile(
    r"(?:^|_)(?:correct|corrects|correctness|accuracy|acc|passed|exact_match|em|math_verify|solved|graded_list|pass@1"
    r"|extractive_match|resolved|is_right|verified)(?:_|$)"
)
_AGGREGATE = re.compile(r"count|num_|^n_|total|rate|mean|avg|answer(?!$)|format|complete")
_SCORES = ("score", "scores", "reward", "rewards", "grade")
_SAYS = ("status", "verdict", "result", "grade", "judgement")
_HOLDERS = frozenset({"value", "values", "metrics", "metric", "scores", "score"})
_LONGEST = 40  # characters of a number
_WORDS = {
    **dict.fromkeys(("true", "pass", "passed", "correct", "right", "yes", "c", "1", "1.0"), 1.0),
    **dict.fromkeys(("false", "fail", "failed", "incorrect", "wrong", "no", "i", "0", "0.0"), 0.0),
}


def choose(seen: Seen, score: str | None, shared: frozenset[str]) -> str | None:
    """Return the dotted name of the field that gives the verdicts. None: there is none, or `score` is "none".

    `shared` are the names whose value belongs to several samples together.

    Raises:
        UnclearScore: Several fields disagree, a score has another range than 0 to 1, or `score` is not there.
    """
    if score == "none":
        return None
    certain = {name: found for name in seen.values if (found := _flags(seen, name, shared)) is not None}
    rewards = {name: found for name in _rewards(seen) if (found := _numbers(seen, name, shared)) is not None}
    if score is not None:
        if any(lookup(row, score) is not None for row in seen.rows):
            return score
        if len(inner := [name for name in seen.values if last(name) == score.lower()]) == 1:
            return inner[0]
        raise UnclearScore(_ask(f'there is no score "{score}"', [*certain, *rewards]))
    for found in (certain, rewards):
        names = sorted(found, key=lambda name: name.count("."))
        if len({repr(values) for values in found.values()}) > 1:
            raise UnclearScore(_ask("there are several scores, and they disagree", names))
        if names:
            wide = next((value for value in _flat(found[names[0]]) if value is not None and not 0 <= value <= 1), None)
            if wide is not None:
                raise UnclearScore(
                    _ask(f'"{names[0]}" is {wide:g}; only from 0 to 1 it says which samples are correct', names)
                )
            return names[0]
    return None


def _ask(what: str, names: list[str]) -> str:
    return f"{what}; choose with --score: {', '.join([*names, 'none'])}"


def verdict_of(value: Any, name: str, answer: str | None, *, answers: bool) -> Verdict | None:
    """Return the verdict that a value of the field `name` gives. `answers` says whether the file has answers.

    Raises:
        BadRow: The value is neither true or false nor a number from 0 to 1.
    """
    number = as_number(value)
    if value is None or value == "":
        return None
    if number is None:
        raise BadRow(f'"{name}" is {short_json(value)}; true, false or a number is expected')
    reward = None if isinstance(value, bool | str) or not is_score(name) else number
    if number == 1:
        return Verdict("correct", answer, reward)
    return Verdict("no_answer" if answers and not answer else "wrong", answer, reward)


def is_score(name: str) -> bool:
    """Return whether a field of this name is a score or reward, whose number is worth keeping."""
    return not _CERTAIN.search(last(name))


def as_number(value: Any) -> float | None:
    """Return true, false, a number or a word for them as a number."""
    if isinstance(value, str):
        return _WORDS.get(value.strip().lower(), _parsed(value))
    return float(value) if isinstance(value, bool | int | float) and abs(value) < 2**53 else None


def _parsed(text: str) -> float | None:
    try:
        return float(text) if len(text) <= _LONGEST and text.isascii() else None
    except ValueError:
        return None


def _rewards(seen: Seen) -> list[str]:
    """Return the names that scores have, and the one number of an object of scores."""
    named = [name for name in seen.values if last(name) in _SCORES]
    alone: list[str] = []
    for name, values in seen.values.items():
        if last(name) in _HOLDERS and all(isinstance(value, dict) and len(value) == 1 for value in values if value):
            inner = {f"{name}.{key}" for value in values if value for key in value}
            alone += [one for one in inner if len(inner) == 1 and one in seen.values]
    return [*named, *(name for name in alone if name not in named)]


def _flags(seen: Seen, name: str, shared: frozenset[str]) -> list[Any] | None:
    """Return the values of a field if it is certain: all are true or false."""
    end = last(name)
    said = end in _SAYS
    if not said and (not _CERTAIN.search(end) or _AGGREGATE.search(end)):
        return None
    values = _numbers(seen, name, shared)
    if values is None or any(value not in {None, 0.0, 1.0} for value in _flat(values)):
        return None
    return None if said and not all(isinstance(value, str | bool) for value in _flat(seen.there(name))) else values


def _numbers(seen: Seen, name: str, shared: frozenset[str]) -> list[Any] | None:
    """Return the values of a field as numbers, or as lists of them; None if some are not, or are of several texts."""
    found: list[Any] = []
    for value in seen.values[name]:
        listed = isinstance(value, list)
        numbers = [None if one is None else as_number(one) for one in (value if listed else [value])]
        wrong = any(
            number is None and one is not None
            for number, one in zip(numbers, value if listed else [value], strict=True)
        )
        if wrong or (not listed and name in shared):
            return None
        found.append(numbers if listed else numbers[0])
    return found


def _flat(values: list[Any]) -> list[Any]:
    return [one for value in values for one in (value if isinstance(value, list) else [value])]
