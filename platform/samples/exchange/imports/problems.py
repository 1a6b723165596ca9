"""The problems that imported samples are of: those of a problem set, or what the file itself says of them."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from samples.errors import UsageError
from samples.exchange.imports.fields import BadRow
from samples.exchange.imports.row import Row
from samples.exchange.imports.survey import Known
from samples.problems.problems import Problem, ProblemSet

_SHOWN = 5


def stand_ins(known: Mapping[str, Known]) -> dict[str, Problem]:
    """Return a problem for each id of a file: its question and gold answer as far as the file has them."""
    return {problem_id: Problem(problem_id, one.question, one.gold, None, {}) for problem_id, one in known.items()}


def found(known: Mapping[str, Known], given: ProblemSet) -> dict[str, Problem]:
    """Return the problem of `given` for each id of a file: that of the same id, else that of the same question.

    Raises:
        UsageError: There is none for some, or one for two.
    """
    by_id = {problem.problem_id: problem for problem in given.problems}
    by_question = {(problem.question or "").strip(): problem for problem in given.problems}
    of: dict[str, Problem] = {}
    absent: list[str] = []
    for problem_id, one in known.items():
        problem = by_id.get(problem_id) or by_question.get((one.question or "").strip())
        if problem is None:
            absent.append(f"{problem_id} ({one.place})")
        else:
            of[problem_id] = problem
    if absent:
        more = f" and {len(absent) - _SHOWN:,} more" if len(absent) > _SHOWN else ""
        raise UsageError(
            f"{given.source} has no problem for {', '.join(absent[:_SHOWN])}{more}, neither by id nor by question; it "
            f"has {len(by_id):,}, such as {', '.join(list(by_id)[:_SHOWN])}"
        )
    firsts: dict[str, str] = {}
    for problem_id, problem in of.items():
        if (first := firsts.setdefault(problem.problem_id, problem_id)) != problem_id:
            raise UsageError(f'"{first}" and "{problem_id}" are both problem "{problem.problem_id}" of {given.source}')
    return of


def renamed(
    rows: Iterator[tuple[str, Row | BadRow]], problems: Mapping[str, Problem]
) -> Iterator[tuple[str, Row | BadRow]]:
    """Yield rows under their problems' own ids."""
    for place, row in rows:
        if isinstance(row, BadRow) or (own := problems[row.problem_id].problem_id) == row.problem_id:
            yield place, row
        else:
            yield place, replace(row, problem_id=own)
