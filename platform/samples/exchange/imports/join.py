"""Join the problems of a sample file to those of a problem set.

Files number their problems in their own ways, so an id alone says little. A problem of the file is the one of the set
with the same id if their questions agree, else the one with the same question. Where one side has no question, the id
alone must do; a note says so if the gold answers differ. Everything else is refused.

Two questions agree if they are the same text, whatever the blanks, or if the file has the question inside a prompt. The
set's question counts as it is asked, and as its file has it, without options and what else was put to it.
"""

import re
from collections.abc import Iterator, Mapping

from samples.errors import UsageError
from samples.exchange.imports.check import SeenProblem
from samples.files.values import short_json
from samples.problems.answers import gold_answers
from samples.problems.problems import Problem, ProblemSet

_SHOWN = 5


def problems_in_set(seen: Mapping[str, SeenProblem], given: ProblemSet) -> tuple[dict[str, Problem], tuple[str, ...]]:
    """Return the problem of `given` for each id in a file, and what a reader must know of the join.

    Raises:
        UsageError: An id has no problem, or may have several, or two ids have the same one.
    """
    join = _Join(given)
    found = {problem_id: join.problem(problem_id, one) for problem_id, one in seen.items()}
    if absent := [f"{problem_id} ({seen[problem_id].place})" for problem_id, one in found.items() if one is None]:
        ids = [problem.problem_id for problem in given.problems]
        raise UsageError(
            f"{given.source} has no problem for {_some(absent)}, neither by id nor by question; it has {len(ids):,}, "
            f"such as {', '.join(ids[:_SHOWN])}"
        )
    of = {problem_id: problem for problem_id, problem in found.items() if problem is not None}
    firsts: dict[str, str] = {}
    for problem_id, problem in of.items():
        if (first := firsts.setdefault(problem.problem_id, problem_id)) != problem_id:
            raise UsageError(f'"{first}" and "{problem_id}" are both problem "{problem.problem_id}" of {given.source}')
    return of, join.notes


class _Join:
    """The problems of a set, by id and by question."""

    def __init__(self, given: ProblemSet) -> None:
        self._given, self._field = given, given.fields.get("question", "")
        self._by_id = {problem.problem_id: problem for problem in given.problems}
        self._by_question: dict[str, list[Problem]] = {}
        for problem in given.problems:
            for question in _questions(problem, self._field):
                self._by_question.setdefault(question, []).append(problem)
        self._doubtful: list[str] = []

    def problem(self, problem_id: str, one: SeenProblem) -> Problem | None:
        """Return the problem of an id and a question in a file; None if there is neither.

        Raises:
            UsageError: The problem of this id has another question, or several problems have this question.
        """
        same_id, question = self._by_id.get(problem_id), _plain(one.question or "")
        if same_id is not None and not (question and _plain(same_id.question or "")):
            if _golds_differ(one, same_id):
                golds = f"{short_json(one.gold)} here, {short_json(same_id.answer)} there"
                self._doubtful.append(f'"{problem_id}" ({golds})')
            return same_id
        if alike := self._by_question.get(question):
            return _only(problem_id, one, alike, self._given)
        if same_id is None or any(_holds(question, text) for text in _questions(same_id, self._field)):
            return same_id
        raise UsageError(
            f'problem "{problem_id}" ({one.place}) has another question than problem "{problem_id}" of '
            f"{self._given.source}, and no problem there has its question: {short_json(one.question)} here, "
            f"{short_json(same_id.question)} there; give the file of the problems that were sampled"
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know of the problems joined so far."""
        if not self._doubtful:
            return ()
        note = (
            f"{len(self._doubtful):,} problems are joined to {self._given.source} by their ids alone, because the "
            f"samples have no questions, and their gold answers differ: {_some(self._doubtful)}; check that both files "
            "number alike"
        )
        return (note,)


def _questions(problem: Problem, field: str) -> Iterator[str]:
    """Yield a problem's question as it is asked, and as its file has it, where that is another text."""
    asked, written = problem.question or "", problem.metadata.get(field)
    found = [asked, written] if isinstance(written, str) else [asked]
    yield from dict.fromkeys(question for text in found if (question := _plain(text)))


def _holds(prompt: str, question: str) -> bool:
    """Return whether a prompt is a question, or has it inside: 1+1 is not inside 11+1."""
    return prompt == question or bool(re.search(rf"(?<!\w){re.escape(question)}(?!\w)", prompt))


def _only(problem_id: str, one: SeenProblem, alike: list[Problem], given: ProblemSet) -> Problem:
    """Return the problem of a question; of several, the one with the same id, else the only one of the same answer."""
    if (same := next((problem for problem in alike if problem.problem_id == problem_id), None)) is not None:
        return same
    alike = [problem for problem in alike if not _golds_differ(one, problem)] or alike
    if len({problem.problem_hash for problem in alike}) > 1:
        ids = _some([f'"{problem.problem_id}"' for problem in alike])
        raise UsageError(
            f'problem "{problem_id}" ({one.place}): its question {short_json(one.question)} is that of problems {ids} '
            f"of {given.source}, and none has its id; give the samples the ids of their problems"
        )
    return alike[0]


def _golds_differ(one: SeenProblem, problem: Problem) -> bool:
    """Return whether both sides have gold answers, and share none."""
    accepted = gold_answers(one.gold).answers
    return bool(accepted and problem.accepted) and not set(accepted) & set(problem.accepted)


def _some(items: list[str]) -> str:
    more = f" and {len(items) - _SHOWN:,} more" if len(items) > _SHOWN else ""
    return f"{', '.join(items[:_SHOWN])}{more}"


def _plain(text: str) -> str:
    return " ".join(text.split())
