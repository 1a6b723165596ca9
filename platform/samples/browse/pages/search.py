"""Search in texts: across the samples of a problem, of a list of problems or of a run, with counts by verdict."""

from starlette.responses import Response

from samples.browse.address import Address
from samples.browse.chosen import judge_of, runs_of
from samples.browse.desk import Desk
from samples.browse.pages.problems import FILTERS, listed
from samples.browse.sample_rows import STATUSES
from samples.browse.texts import HITS, search, sought


def page(desk: Desk, address: Address) -> Response:
    """Show the form, and what was found."""
    runs = runs_of(desk, address)
    verifier, judges = judge_of(desk, address, runs)
    asked, problem_id = sought(address), address.one("problem") or None
    filtered = [name for name in FILTERS if address.one(name) and not problem_id]
    problems = None
    if problem_id or filtered:
        problems = (problem_id,) if problem_id else tuple(row.problem_id for row in listed(desk, address))
    found = None
    if asked is not None:
        key = ("search", *(run.run_id for run in runs), problems, asked, verifier)
        found = desk.reading.once(key, lambda: search(desk.reading.lake, runs, problems, asked, verifier))
        if found.stopped:
            desk.reading.forget(key)  # the next try may come further
    return desk.render(
        "search",
        address,
        runs=runs,
        problem_id=problem_id,
        filtered=filtered,
        among=len(problems or ()),
        verifier=verifier,
        judges=judges,
        found=found,
        statuses=STATUSES,
        most=HITS,
    )
