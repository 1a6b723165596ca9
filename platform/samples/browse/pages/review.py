"""Store a label; read the lake anew. Both are asked for by forms, and answered with the page that the form was on."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from samples.browse.address import pairs, whole
from samples.browse.chosen import run_of
from samples.browse.desk import Desk
from samples.errors import UsageError
from samples.reviews.review import review

_MOST_BYTES, _MOST_FIELDS = 1 << 17, 40


async def form(request: Request) -> dict[str, str]:
    """Read a small form. A larger body is cut off, and its form lacks fields then."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            return {}
    try:
        return dict(pairs(body.decode("utf-8", "replace"), _MOST_FIELDS, blank=True))
    except ValueError:
        return {}


def save(desk: Desk, given: Mapping[str, str]) -> Response:
    """Store a label, and go back to the sample."""
    try:
        name, problem, index = given["run"], given["problem"], given["index"]
        label, reviewer = given["label"], given.get("reviewer", "").strip()
    except KeyError as error:
        raise UsageError("the form lacks a field: load the page again") from error
    if not reviewer:
        raise UsageError("a label needs the name of its reviewer: write it beside the labels")
    note = given.get("note", "").replace("\r\n", "\n").strip() or None
    run, number = run_of(desk, name), whole("index", index)
    review(desk.reading.live, run.name, problem, number, label, note=note, reviewer=reviewer)
    desk.reviewer = reviewer
    desk.reading.reviewed()
    return _back(given)


def reload(desk: Desk, given: Mapping[str, str]) -> Response:
    """Pin the newest snapshot, and go back."""
    desk.reading.reload()
    return _back(given)


def _back(given: Mapping[str, str]) -> Response:
    """Go back to a page of this site: a path of one part with a query."""
    page, _, query = given.get("back", "").partition("?")
    safe = page.isascii() and page.replace(".", "").isalnum()
    return RedirectResponse(f"{page}?{query}" if safe and query else page if safe else "./", 303)
