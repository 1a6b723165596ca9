"""The queue of reviews: the hardest solved problems of a run, as Yue et al. (2025) reviewed them."""

from typing import TYPE_CHECKING

from starlette.responses import Response

from samples.browse.address import Address
from samples.browse.chosen import judge_of, runs_of
from samples.browse.problem_rows import ProblemRow, problem_rows
from samples.browse.reviews import labels_by_problem

if TYPE_CHECKING:
    from samples.browse.site import Site

PER_PAGE = 100


def page(site: "Site", address: Address) -> Response:
    """List solved problems, those of the lowest accuracy first, with the labels that they have."""
    run = runs_of(site, address)[0]
    verifier, judges = judge_of(site, address, [run])
    rows = queued(site, address)
    start = address.whole("from")
    return site.render(
        "queue",
        address,
        run=run,
        verifier=verifier,
        judges=judges,
        rows=rows[start : start + PER_PAGE],
        total=len(rows),
        start=start,
        per_page=PER_PAGE,
        labels=labels_by_problem(site, run),
    )


def queued(site: "Site", address: Address) -> list[ProblemRow]:
    """Return the problems that a run solves, the hardest first."""
    run = runs_of(site, address)[0]
    verifier, _ = judge_of(site, address, [run])
    rows = problem_rows(site.reading, [run], verifier, address.filters())
    solved = [(accuracy, row) for row in rows if (accuracy := row.number(run.name, "accuracy"))]
    return [row for _, row in sorted(solved, key=lambda pair: (pair[0], pair[1].problem_id))]
