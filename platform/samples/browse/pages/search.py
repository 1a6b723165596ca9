"""Search in texts: across the samples of a problem or of a run, with counts by verdict."""

from starlette.responses import Response

from samples.browse.address import Address
from samples.browse.chosen import judge_of, runs_of
from samples.browse.desk import Desk
from samples.browse.sample_rows import STATUSES
from samples.browse.texts import HITS, search, sought


def page(desk: Desk, address: Address) -> Response:
    """Show the form, and what was found."""
    runs = runs_of(desk, address)
    verifier, judges = judge_of(desk, address, runs)
    asked, problem_id = sought(address), address.one("problem") or None
    found = None
    if asked is not None:
        key = ("search", *(run.run_id for run in runs), problem_id, asked, verifier)
        found = desk.reading.once(key, lambda: search(desk.reading.lake, runs, problem_id, asked, verifier))
        if found.stopped:
            desk.reading.forget(key)  # the next try may come further
    return desk.render(
        "search",
        address,
        runs=runs,
        problem_id=problem_id,
        verifier=verifier,
        judges=judges,
        found=found,
        statuses=STATUSES,
        most=HITS,
    )
