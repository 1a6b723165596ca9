"""Go to the problem before or after one in a list. The list is read when somebody steps, and not for every page."""

from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse, Response

from samples.browse.address import Address
from samples.browse.pages.problems import listed
from samples.browse.pages.queue import queued
from samples.errors import NotFound

if TYPE_CHECKING:
    from samples.browse.site import Site


def page(site: "Site", address: Address) -> Response:
    """Redirect to the neighbour, on the page of a problem or of the queue."""
    by = -1 if address.one("by") == "-1" else 1
    in_queue = bool(address.one("queue"))
    rows = queued(site, address) if in_queue else listed(site, address)
    ids = [row.problem_id for row in rows]
    problem_id = address.one("problem")
    at = ids.index(problem_id) + by if problem_id in ids else 0
    if not 0 <= at < len(ids):
        raise NotFound(f"this is the {'first' if by < 0 else 'last'} problem of the list")
    dropped = dict.fromkeys(("index", "other_index", "by"))
    return RedirectResponse(address.to("problem", reading=True, problem=ids[at], **dropped), 303)
