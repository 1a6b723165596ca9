"""Search in texts: across the samples of a problem or of a run, with counts by verdict."""

from typing import TYPE_CHECKING

from starlette.responses import Response

from samples.browse.address import Address
from samples.browse.chosen import judge_of, runs_of
from samples.browse.sample_rows import STATUSES
from samples.browse.texts import HITS, search, sought

if TYPE_CHECKING:
    from samples.browse.site import Site


def page(site: "Site", address: Address) -> Response:
    """Show the form, and what was found."""
    runs = runs_of(site, address)
    verifier, judges = judge_of(site, address, runs)
    asked, problem_id = sought(address), address.one("problem") or None
    found = None
    if asked is not None:
        key = ("search", *(run.run_id for run in runs), problem_id, asked, verifier)
        found = site.reading.once(key, lambda: search(site.reading.lake, runs, problem_id, asked, verifier))
        if found.stopped:
            site.reading.forget(key)  # the next try may come further
    return site.render(
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
