"""Go on: to the problem before or after one in a list, or to the next sample of the queue.

The list is read when somebody steps, and not for every page.
"""

from collections.abc import Sequence

from starlette.responses import RedirectResponse, Response

from samples.browse.address import Address
from samples.browse.desk import Desk
from samples.browse.pages.problems import listed
from samples.browse.pages.queue import queued
from samples.errors import NotFound

_Place = tuple[str, int]


def page(desk: Desk, address: Address) -> Response:
    """Redirect to the neighbour."""
    if address.one("queue"):
        problem_id, index = _next_to_read(desk, address)
        to = address.to("sample", reading=True, problem=problem_id, index=index, other_index=None)
        return RedirectResponse(to, 303)
    by = -1 if address.one("by") == "-1" else 1
    ids = [row.problem_id for row in listed(desk, address)]
    problem_id = address.one("problem")
    at = ids.index(problem_id) + by if problem_id in ids else 0
    if not 0 <= at < len(ids):
        raise NotFound(f"this is the {'first' if by < 0 else 'last'} problem of the list")
    to = address.to("problem", reading=True, problem=ids[at], index=None, other_index=None)
    return RedirectResponse(to, 303)


def _next_to_read(desk: Desk, address: Address) -> _Place:
    """Return the sample of the queue that comes after the one at hand, which may be labelled now.

    Raises:
        NotFound: None is left.
    """
    rows = queued(desk, address)
    left: Sequence[_Place] = [(row["problem_id"], row["sample_index"]) for row in rows or ()]
    problem_id, index = address.one("problem"), address.whole("index")
    left = [place for place in left if place != (problem_id, index)]
    if not left:
        raise NotFound("the queue is empty: every sample of it is read")
    here = [place for place in left if place[0] == problem_id and place[1] > index]
    others = list(dict.fromkeys(place[0] for place in left))
    if here or problem_id not in others:
        return here[0] if here else left[0]
    following = others[(others.index(problem_id) + 1) % len(others)]
    return next(place for place in left if place[0] == following)
