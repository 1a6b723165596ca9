"""Find the problems of imported samples in the lake, or in what the file itself says about them."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace

from samples.errors import NotFound, UsageError
from samples.exchange.imports.check import SeenProblem
from samples.exchange.imports.row import Row
from samples.files.errors import BadRow
from samples.lake.tables import Tables
from samples.problems.answers import gold_answers, is_missing
from samples.problems.problems import Problem
from samples.runs.record import problem_versions


def problems_in_file(seen: Mapping[str, SeenProblem], lake: str, dataset: str) -> dict[str, Problem]:
    """Return a problem for each id in a file, with its question, gold answer, tests and metadata if the file has them.

    An exported file states the hash of each problem. If rows were taken out of it, the tests and metadata may be
    missing: then it is the lake's problem of this hash.

    Raises:
        UsageError: The file states the hash of a problem that neither its rows give nor the lake has.
    """
    of = {problem_id: _problem(problem_id, one) for problem_id, one in seen.items()}
    stated = {problem_id: one.problem_hash for problem_id, one in seen.items() if one.problem_hash is not None}
    other = {problem_id: known for problem_id, known in stated.items() if of[problem_id].problem_hash != known}
    if other:
        with suppress(NotFound):  # a lake that is not yet there has no problems
            of |= problem_versions(Tables(lake), dataset, other)
    for problem_id, known in other.items():
        if of[problem_id].problem_hash != known:
            raise UsageError(
                f'problem "{problem_id}" ({seen[problem_id].place}): its rows do not give the problem_hash {known} '
                f"that they state, and dataset {dataset} of the lake has no such problem: export the run again, name "
                "its problem file with --problems, or leave the column problem_hash out to import other problems"
            )
    return of


def _problem(problem_id: str, one: SeenProblem) -> Problem:
    """Return the problem that the rows of a file give.

    Gold answers are extracted as those of a problem file with the fields question and answer, so that its problem is
    the same one. Those of an exported file, which states problem hashes, are extracted already.
    """
    problem = Problem(problem_id, one.question, None, one.tests, one.metadata or {})
    if one.problem_hash is not None:
        return problem.with_answers(one.gold if isinstance(one.gold, list) else [one.gold] if one.gold else [])
    answers = gold_answers(one.gold).answers
    if is_missing(one.gold) or one.gold in (list(answers), *answers[:1]):
        return problem.with_answers(answers)
    return replace(problem, metadata={**problem.metadata, "answer": one.gold}).with_answers(answers)


def with_problem_ids(
    rows: Iterator[tuple[str, Row | BadRow]], problems: Mapping[str, Problem]
) -> Iterator[tuple[str, Row | BadRow]]:
    """Yield rows with the id of their problem in place of the file's."""
    for place, row in rows:
        if isinstance(row, BadRow) or (own := problems[row.problem_id].problem_id) == row.problem_id:
            yield place, row
        else:
            yield place, replace(row, problem_id=own)
