"""Multiple choice: the options of a row become part of its question, and its gold answer becomes a letter.

    How many jars do 7 crates hold?

    A) 84
    B) 72

Options keep the order of the row, and get the letters A, B, C … in this order. A question that lists them already,
each behind its letter, stays as it is. Where a row gives a correct answer and incorrect ones apart (GPQA, SciQ), the
order is that of a hash of question and option: the same each time, and the gold letter is any.
`samples.problems.letters` finds the letter.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from samples.files.values import as_text
from samples.problems.answers import is_missing
from samples.problems.fields import parsed, plain, value_of
from samples.problems.python_code import literal

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_FEWEST = 2
_LISTS = ("options", "choices", "answer_choices", "question.choices", "option", "choice", "endings")
_TEXTS, _LABELS = ("text", "value", "content", "option"), ("label", "labels", "key", "letter", "id")
_COLUMNS = ("option_", "option", "op", "choice_", "choice", "opt_", "")  # before A, B, C … or 1, 2, 3 …
_INCORRECT = ("incorrect_answer_", "incorrect_answer", "distractor_", "distractor", "wrong_answer_")
_INCORRECT_LISTS = ("incorrect_answers", "distractors", "wrong_answers")
LABELLED = re.compile(r"\s*\(?([A-Z])\s*[).:]\s*(.*)", re.DOTALL)
_QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""", re.DOTALL)


class Options(NamedTuple):
    """The texts of a row's options, their labels if the row has any, and the names of their fields.

    `others` says that these are the incorrect ones alone: the correct one is the gold answer. `numbers` says that the
    row has numbers where others have texts.
    """

    texts: tuple[str, ...]
    labels: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    others: bool = False
    numbers: bool = False


def find_options(row: Mapping[str, Any]) -> Options | None:
    """Return the options of a row; None if it has none."""
    names = {plain(name): name for name, value in row.items() if not is_missing(value)}
    for shape in (_in_a_list, _in_columns, _incorrect):
        if (found := shape(row, names)) is not None and len(found.texts) >= (1 if found.others else _FEWEST):
            return found
    return None


def unread_options(row: Mapping[str, Any]) -> str | None:
    """Return the name of a field for options whose text is no list of them; None if there is none."""
    texts = ((name, value) for name, value in row.items() if plain(name) in _LISTS[:2] and isinstance(value, str))
    return next((name for name, value in texts if value.strip() and not isinstance(_read(value), list | dict)), None)


def _in_a_list(row: Mapping[str, Any], names: Mapping[str, str]) -> Options | None:
    """Read a list of texts or of objects, an object of label and text, or one of lists of texts and labels (ARC)."""
    for name in _LISTS:
        field = names.get(name, name)
        value = value_of(row, field)
        value = _read(value) if isinstance(value, str) else value
        if isinstance(value, dict):
            texts = next((value[key] for key in _TEXTS if isinstance(value.get(key), list)), None)
            labels = next((value[key] for key in _LABELS if isinstance(value.get(key), list)), [])
            if texts is None and not all(isinstance(item, str | int | float) for item in value.values()):
                continue
            texts, labels = (list(value.values()), list(value)) if texts is None else (texts, labels)
        elif isinstance(value, list):
            objects = [item for item in value if isinstance(item, dict)]
            texts = [_first(item, _TEXTS) for item in objects] if objects else value
            labels = [_first(item, _LABELS) for item in objects]
        else:
            continue
        while texts and is_missing(texts[-1]):  # a table may give all rows the same number of options
            texts = texts[:-1]
        if any(isinstance(text, list | dict) for text in texts):
            continue
        numbers = all(type(text) in {int, float} for text in texts)
        written = ["" if text is None else as_text(text).strip() for text in texts]
        given = [as_text(label).strip() for label in labels if not is_missing(label)]
        if not given:
            written, given = _split(written)
        return Options(tuple(written), tuple(given) if len(given) == len(written) else (), (field,), numbers=numbers)
    return None


def _in_columns(row: Mapping[str, Any], names: Mapping[str, str]) -> Options | None:
    """Read a field for each option: A, B, C, D; option_a; opa; option1."""
    for begin in _COLUMNS:
        for labels in (LETTERS, "123456789"):
            fields = [names.get(begin + label.lower()) for label in labels]
            some = fields[: fields.index(None)] if None in fields else fields
            capitals = begin or all(field in LETTERS for field in some if field)
            if len(some) >= (_FEWEST if begin else 3) and capitals and (begin or labels == LETTERS):
                found = tuple(field for field in some if field)
                return Options(
                    tuple(as_text(row[field]).strip() for field in found), tuple(labels[: len(found)]), found
                )
    return None


def _incorrect(row: Mapping[str, Any], names: Mapping[str, str]) -> Options | None:
    """Read the incorrect answers: a numbered field for each, or a list."""
    for begin in _INCORRECT:
        numbered = [names[name] for number in range(1, 26) if (name := f"{begin}{number}") in names]
        if numbered:
            return Options(tuple(as_text(row[field]).strip() for field in numbered), (), tuple(numbered), others=True)
    for name in _INCORRECT_LISTS:
        value = row.get(names.get(name, ""))
        if isinstance(value, list):
            return Options(tuple(as_text(item).strip() for item in value), (), (names[name],), others=True)
    return None


def _first(item: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((item[name] for name in names if not is_missing(item.get(name))), None)


def _read(text: str) -> Any:
    """Return the list or object that a cell of a CSV file holds as JSON or as Python writes it; None if it is none."""
    if (found := parsed(text.strip())) is not None:
        return found
    if "".join(_QUOTED.sub("", text).split()) == "[]":  # ['a' 'b'], as NumPy writes a list
        text = f"[{', '.join(quoted[0] for quoted in _QUOTED.finditer(text))}]"
    try:
        found = literal(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    return found if isinstance(found, list | dict) else None


def _split(texts: Sequence[str]) -> tuple[list[str], list[str]]:
    """Split labels that stand in the texts ("A)84") from them, if all options have one, in order."""
    found = [LABELLED.fullmatch(text) for text in texts]
    if [match[1] for match in found if match] != list(LETTERS[: len(texts)]):
        return list(texts), []
    return [match[2].strip() for match in found if match], [match[1] for match in found if match]


def in_order(question: str, correct: str, others: Iterable[str]) -> tuple[str, ...]:
    """Return the correct answer among the incorrect ones, in an order that depends on the texts alone."""
    return tuple(sorted({correct, *others}, key=lambda text: hashlib.sha256(f"{question}\0{text}".encode()).digest()))


def with_options(question: str, texts: Sequence[str]) -> str:
    """Return a question with its options, each on a line behind its letter, unless it lists them already."""
    lettered = list(zip(LETTERS, texts, strict=False))
    if _lists(question, lettered):
        return question
    return f"{question.rstrip()}\n\n" + "\n".join(f"{letter}) {text}" for letter, text in lettered)


def _lists(question: str, lettered: Sequence[tuple[str, str]]) -> bool:
    """Return whether a question has every option behind its letter, in order."""
    at = 0
    for letter, text in lettered:
        if text not in question:  # nearly always decided here
            return False
        found = re.compile(rf"(?<!\w){letter}\s*[).:\]}}]+\s*{re.escape(text)}(?!\w)").search(question, at)
        if found is None:
            return False
        at = found.end()
    return True
