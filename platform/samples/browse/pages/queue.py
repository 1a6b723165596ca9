"""The queue of reviews: correct samples of the hardest problems that a run solves, as Yue et al. (2025) read them."""

from itertools import groupby
from typing import Any

from starlette.responses import Response

from samples.browse import commands
from samples.browse.address import PROBLEM_FILTERS, Address
from samples.browse.chosen import judge_of, runs_of
from samples.browse.desk import Desk
from samples.browse.reviews import HARD, labels_by_problem, to_review
from samples.errors import UsageError
from samples.query.rows import Rows

_PER_PAGE = 100


def page(desk: Desk, address: Address) -> Response:
    """List the problems of the queue, with the samples that are left to read."""
    run = runs_of(desk, address)[0]
    verifier, judges = judge_of(desk, address, [run])
    rows = queued(desk, address)
    problems = [] if rows is None else _by_problem(rows)
    start = address.start(len(problems), _PER_PAGE)
    return desk.render(
        "queue",
        address,
        run=run,
        verifier=verifier,
        judges=judges,
        rows=problems[start : start + _PER_PAGE],
        total=len(problems),
        notes=rows.notes if rows is not None else (),
        start=start,
        per_page=_PER_PAGE,
        most=limit(address),
        counting=commands.count_reviews(desk.reading, run, verifier, limit(address), address),
        filtered=[name for name in PROBLEM_FILTERS if address.one(name)],
        labels=labels_by_problem(desk.reading, run),
    )


def queued(desk: Desk, address: Address) -> Rows | None:
    """Return the samples that are left to read, in order; None if the run has no verdicts."""
    run = runs_of(desk, address)[0]
    verifier, _ = judge_of(desk, address, [run])
    if verifier is None:
        return None
    return to_review(desk.reading, run, verifier, desk.reviewer or None, limit(address), address.filters())


def limit(address: Address) -> float:
    """Return the accuracy up to which problems are hard.

    Raises:
        UsageError: It is no share.
    """
    text = address.one("max_accuracy", str(HARD))
    try:
        return float(text)
    except ValueError as error:
        raise UsageError(f"accuracy {text[:40]}: a number from 0 to 1 is expected") from error


def _by_problem(rows: Rows) -> list[dict[str, Any]]:
    """Return a row for each problem: its first sample to read, and how many there are."""
    found: list[dict[str, Any]] = []
    for _, group in groupby(rows, key=lambda row: row["problem_id"]):
        some = list(group)
        found.append({**some[0], "left": len(some)})
    return found
