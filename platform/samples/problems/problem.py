"""One problem: a question, and what its answers are checked against. Its content is hashed."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any


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
        return digest([self.question, list(self.answers) or self.answer, self.tests, self.metadata], 16)

    @property
    def accepted(self) -> tuple[str, ...]:
        """All accepted answers: none, one or several."""
        return self.answers or (() if self.answer is None else (self.answer,))

    def named(self, problem_id: str) -> "Problem":
        """Return this problem under another id."""
        return replace(self, problem_id=problem_id)

    def with_answers(self, accepted: Iterable[str]) -> "Problem":
        """Return this problem with these accepted answers, each of them once."""
        found = tuple(dict.fromkeys(accepted))
        return replace(self, answer=found[0] if found else None, answers=found if len(found) > 1 else ())


def question_id(question: str) -> str:
    """Return the id of a problem that has none of its own: a hash of its question."""
    return f"q-{digest(question, 12)}"


def digest(value: Any, digits: int) -> str:
    """Return the first hex digits of the SHA-256 of a JSON value, whatever the order of its fields."""
    canonical = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8", "replace")).hexdigest()[:digits]
