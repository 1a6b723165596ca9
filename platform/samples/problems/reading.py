"""Turn the rows of a file into problems: which fields become what, one rule after the other.

Nothing of a row is lost: a field that is not word for word the question, answer, tests or id goes into `metadata`.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from samples.errors import ProblemsError
from samples.files.values import as_text, short_json
from samples.problems import fields as roles
from samples.problems.answers import ALIASES, Gold, belong_together, gold_answers, is_missing
from samples.problems.images import refuse_images
from samples.problems.letters import letter_of, rules_for
from samples.problems.options import LETTERS, Options, find_options, in_order, unread_options, with_options
from samples.problems.problem import Problem, question_id
from samples.problems.questions import JUDGED, question_text, with_code, with_context
from samples.problems.sources import ProblemRow, Source

_UNIT = re.compile(r"(-?[\d,]*\.?\d+(?:/\d+)?) \([^()]+\)")  # ASDiv: 9 (apples)
_LISTS = ("answers", "possible_answers")  # a text in these fields may be a list as JSON
_HIDDEN = -1  # the class label of rows whose answer is not published


class RowReader:
    """Reads the rows of one source as problems. `described` says which field was chosen for each role.

    `unused` are the fields that nothing was made of: they are in the metadata alone.
    """

    def __init__(self, source: Source, named: Mapping[str, str]) -> None:
        """Choose the fields.

        Raises:
            ProblemsError: A named field or any question field is missing.
        """
        self._source, self._named = source, named
        self._chosen = roles.choose_fields(source.name, (row.values for row in source.rows), named)
        self._forms: Counter[str] = Counter()
        self._used: set[str] = {name.partition(".")[0] for name in self._chosen.values()} | {*self._chosen.values()}
        self._options: Counter[str] = Counter()
        self._rules = rules_for([pair for row in source.rows for pair in self._golds_with_options(row.values)])

    @property
    def has_ids(self) -> bool:
        """Whether the rows have ids of their own."""
        return "id" in self._chosen

    @property
    def described(self) -> dict[str, str]:
        """The field of each role, with how the answers were found."""
        total = self._forms.total()
        counts = sorted(self._forms.items())
        hows = [how if count == total else f"{how} in {count} of {total}" for how, count in counts if how]
        found = {"id": "hash of the question", **self._chosen}
        if "answer" in self._chosen and hows:
            found["answer"] += f" ({', '.join(hows)})"
        if self._options:
            found["options"] = ", ".join(self._options)
        return found

    @property
    def unused(self) -> tuple[str, ...]:
        """The fields with values that are in the metadata alone, in the order of the file."""
        there = dict.fromkeys(
            field for row in self._source.rows for field, value in row.values.items() if not is_missing(value)
        )
        return tuple(field for field in there if field not in self._used and field not in JUDGED)

    def problem(self, row: ProblemRow) -> Problem:
        """Return the problem of a row.

        Raises:
            ProblemsError: The row is no problem. The message names its place.
        """
        place, values = f"{self._source.name} {row.place}", row.values
        refuse_images(place, values)
        field = self._chosen["question"]
        question = question_text(place, roles.value_of(values, field), field)
        if "question" not in self._named:
            question, used = with_context(question, values)
            self._used.update(used)
        options = find_options(values)
        if options is None:
            if (unread := unread_options(values)) is not None:
                raise ProblemsError(
                    f'{place}: the field "{unread}" is {short_json(values[unread])}; a list of options is expected, as '
                    "JSON; write it so, or rename the field if the question is complete without it"
                )
            gold = self._gold(values)
        else:
            question, gold = self._choice(place, question, values, options)
        question, used = with_code(question, values)
        self._used.update(used)
        self._forms[gold.how if gold.answers or "answer" not in self._chosen else "none"] += 1
        tests = roles.tests_json(values, self._chosen["tests"]) if "tests" in self._chosen else None
        problem = Problem(self._id(place, values, question), question, None, tests, {}).with_answers(gold.answers)
        return replace(problem, metadata=self._metadata(values, problem))

    def _gold(self, values: dict[str, Any]) -> Gold:
        """Return the accepted answers of a row without options."""
        if "answer" not in self._chosen:
            return Gold(())
        field = self._chosen["answer"]
        value = self._value(values)
        derivation = "answer" not in self._named and roles.is_derivation(field)
        found = gold_answers(value, derivation=derivation, together=belong_together(field, values))
        if "Body" in values or "body" in values:
            found = Gold(
                tuple(_UNIT.sub(r"\1", text) if _UNIT.fullmatch(text) else text for text in found.answers), found.how
            )
        beside = [name for name in values if roles.plain(name) in ALIASES] if found.answers else []
        self._used.update(beside)
        more = [text for name in beside for text in gold_answers(values[name]).answers]
        distinct = tuple(dict.fromkeys([*found.answers, *more]))
        return Gold(distinct, f"any of {len(distinct)}") if len(distinct) > len(found.answers) else found

    def _value(self, values: Mapping[str, Any]) -> Any:
        """Return what the answer field of a row holds. A class label that the file names becomes its name."""
        field = self._chosen["answer"]
        value: Any = roles.value_of(values, field)
        names = self._source.classes.get(field, ())
        if isinstance(value, str) and roles.plain(field) in _LISTS:  # PopQA, and cells of CSV files
            return roles.parsed(value.strip()) or value
        if isinstance(value, bool) or not isinstance(value, int | float):
            return value
        if value == _HIDDEN and (names or roles.plain(field) == "label"):
            return None
        name = names[int(value)] if 0 <= value < len(names) else value
        return {"true": True, "false": False}.get(str(name).lower(), name)

    def _golds_with_options(self, values: Mapping[str, Any]) -> Sequence[tuple[Any, Options]]:
        """Return the gold values of a row with options, each beside the options; none of a row without them."""
        if "answer" not in self._chosen or (options := find_options(values)) is None or options.others:
            return ()
        value = self._value(values)
        return [(one, options) for one in (value if isinstance(value, list) else [value]) if not _unknown(one)]

    def _choice(self, place: str, question: str, values: dict[str, Any], options: Options) -> tuple[str, Gold]:
        """Return a question with its options, and the letters that are accepted."""
        if options.others:
            correct = correct_text(self._value(values)) if "answer" in self._chosen else None
            if correct is None:  # none or several: TruthfulQA
                return question, self._gold(values)
            texts = in_order(question, correct, options.texts)
            options = Options(texts, fields=options.fields)
            golds, rules = [LETTERS[texts.index(correct)]], rules_for(())
        else:
            golds, rules = [one for one, _ in self._golds_with_options(values)], self._rules
        if len(options.texts) > len(LETTERS):
            raise ProblemsError(f"{place}: has {len(options.texts)} options; at most {len(LETTERS)} can have a letter")
        self._used.update(name.partition(".")[0] for name in options.fields)
        self._options[", ".join(options.fields)] += 1
        letters = [letter_of(one, options, rules) for one in golds]
        if None in letters:
            raise ProblemsError(
                f"{place}: the gold answer {short_json(golds[letters.index(None)])} of the field "
                f'"{self._chosen["answer"]}" is neither letter, text nor position of one of its options '
                f"{short_json(list(options.texts))}; name the right field with --answer-field"
            )
        found = gold_answers(
            letters, together="answer" in self._chosen and belong_together(self._chosen["answer"], values)
        )
        return with_options(question, options.texts), Gold(found.answers, "as a letter" if found.answers else "")

    def _id(self, place: str, values: dict[str, Any], question: str) -> str:
        if not self.has_ids:
            return question_id(question)
        value = roles.value_of(values, self._chosen["id"])
        if is_missing(value) or isinstance(value, list | dict):
            raise ProblemsError(
                f'{place}: the id field "{self._chosen["id"]}" holds {json.dumps(value)}; text or a number is expected'
            )
        return as_text(value)

    def _metadata(self, values: Mapping[str, Any], problem: Problem) -> dict[str, Any]:
        """Return the fields of a row that are not word for word the question, answer, tests or id of its problem."""
        answer = str(list(problem.answers)) if problem.answers else problem.answer
        words = {"question": problem.question, "answer": answer, "id": problem.problem_id}
        held = {field for role, field in self._chosen.items() if str(values.get(field)) == words.get(role)}
        if self.has_ids:  # 7.0 is the number 7: a table with gaps must not make other problems
            held.add(self._chosen["id"])
        held |= {self._chosen["tests"], "entry_point"} if problem.tests is not None else set()
        return {field: value for field, value in values.items() if field not in held}


def correct_text(value: Any) -> str | None:
    """Return the correct answer as the text of an option; None if there is not just one."""
    one = value[0] if isinstance(value, list) and len(value) == 1 else value
    return None if is_missing(one) or isinstance(one, list | dict) else as_text(one).strip()


def _unknown(value: Any) -> bool:
    return is_missing(value) or (type(value) in {int, float} and value == _HIDDEN)
