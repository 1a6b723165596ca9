"""Find the letter of the option that a gold value names.

The value may be the letter or label of an option ("B", "(B)", "2" of options that are labelled 1 to 4), the label with
the text ("B) 72"), the text, or the position: from 0, and from 1 only if no row of the file has 0 and one has the last.
The first of these that fits all rows of a file is tried first in each of them.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

from samples.files.values import as_text
from samples.problems.answers import gold_answers
from samples.problems.options import LABELLED, LETTERS, Options

_LABEL = re.compile(r"[\s(\[]*(\w+)\s*[)\].:]*\s*")

Rule = Callable[[Any, Options], int | None]  # the position of the option that a gold value names


def _by_label(gold: Any, options: Options) -> int | None:
    labels = [label.casefold() for label in options.labels or LETTERS[: len(options.texts)]]
    text = as_text(gold)
    found = _LABEL.fullmatch(text)
    if found and found[1].casefold() in labels:
        return labels.index(found[1].casefold())
    if (split := LABELLED.fullmatch(text)) and split[1].casefold() in labels:  # "A) 84"
        place = labels.index(split[1].casefold())
        return place if _same(split[2], options.texts[place]) else None
    return None


def _by_text(gold: Any, options: Options) -> int | None:
    wanted = {True: ("yes", "true"), False: ("no", "false")}[gold] if isinstance(gold, bool) else (as_text(gold),)
    for same in (str.__eq__, _same):
        found = [place for place, text in enumerate(options.texts) if any(same(text, one) for one in wanted)]
        if len(found) == 1:
            return found[0]
    return None


def _same(one: str, other: str) -> bool:
    """Return whether two texts are the same but for blanks, letter case and what surrounds an answer."""
    one, other = (" ".join("".join(gold_answers(text).answers).split()).casefold() for text in (one, other))
    return one == other


def _by_position(gold: Any, options: Options) -> int | None:
    text = as_text(gold)
    return int(text) if re.fullmatch(r"\d{1,2}", text) and int(text) < len(options.texts) else None


def _by_number(gold: Any, options: Options) -> int | None:
    text = as_text(gold)
    return int(text) - 1 if re.fullmatch(r"\d{1,2}", text) and 1 <= int(text) <= len(options.texts) else None


def rules_for(golds: Sequence[tuple[Any, Options]]) -> tuple[Rule, ...]:
    """Return how the gold values of a file name their options: the first rule that fits all of them comes first."""
    positions = all(type(gold) in {int, float} and not options.numbers for gold, options in golds)
    usual = (_by_label, _by_position, _by_text) if positions else (_by_label, _by_text, _by_position)
    fitting = [rule for rule in (*usual, _by_number) if all(rule(*pair) is not None for pair in golds)]
    return (*fitting[:1], *(rule for rule in usual if rule not in fitting[:1]))


def letter_of(gold: Any, options: Options, rules: Sequence[Rule]) -> str | None:
    """Return the letter of the option that a gold value names; None if it names none."""
    found = (rule(gold, options) for rule in rules)
    return next((LETTERS[place] for place in found if place is not None), None)
