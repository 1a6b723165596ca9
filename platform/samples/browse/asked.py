"""What one or two runs were asked under one id of a problem.

Two runs have the same problem if its problem set, its id and its content (question, gold answers, tests, metadata) are
the same. Otherwise each run has its own question and gold answer, and their results do not compare.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from samples.browse.desk import Desk
from samples.errors import NotFound
from samples.problems.problems import Problem
from samples.runs.record import problems
from samples.runs.run import Run


@dataclass(frozen=True)
class Asked:
    """The problem as a run was asked it; None where the lake has only its id."""

    run: Run
    problem: Problem | None


def asked_of(desk: Desk, runs: Sequence[Run], problem_id: str) -> list[Asked]:
    """Return what these runs were asked: once if it is the same problem in all of them, else for each run.

    Raises:
        NotFound: None of these runs has it.
    """
    there = [run for run in runs if problem_id in run.problem_hashes]
    if not there:
        names = " and ".join(run.name for run in runs)
        raise NotFound(f'no problem "{problem_id[:200]}" in {names}')
    distinct = {(run.dataset, run.problem_hashes[problem_id]): run for run in reversed(there)}
    return [Asked(run, _problem(desk, run, problem_id)) for run in reversed(distinct.values())]


def apart(asked: Sequence[Asked]) -> str:
    """Say why these problems are different ones; "" if there is only one."""
    if len(asked) == 1:
        return ""
    a, b = (one.run for one in asked)
    contents = [_content(one.problem) for one in asked]
    differ = [name for name, value in contents[0].items() if value != contents[1][name]]
    why = f"{' and '.join(differ) or 'content'} differ"
    if a.dataset != b.dataset:
        why = f"{a.name} is of problem set {a.dataset}, {b.name} of {b.dataset}"
    return f"{a.name} and {b.name} have different problems of this id: {why}. Their results do not compare."


def _content(problem: Problem | None) -> dict[str, Any]:
    names = {"question": "question", "accepted": "gold answer", "tests": "tests", "metadata": "metadata"}
    return {said: getattr(problem, name, None) for name, said in names.items()}


def _problem(desk: Desk, run: Run, problem_id: str) -> Problem | None:
    key = ("problem", run.dataset, problem_id, run.problem_hashes[problem_id])
    return desk.reading.once(key, lambda: next(problems(desk.reading.lake, run, [problem_id]), None))
