"""The site: its pages by path. `walls` stand before it."""

import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from samples.browse.address import Address
from samples.browse.desk import Desk
from samples.browse.pages import problem, problems, queue, review, runs, sample, search, step, whole
from samples.errors import LakeError, NotFound, SamplesError, StoreAway, UsageError
from samples.lines import printable

_STATIC = Path(__file__).parent / "static"

_READ: Mapping[str, Callable[[Desk, Address], Response]] = {
    "": runs.page,
    "problems": problems.page,
    "problem": problem.page,
    "sample": sample.page,
    "search": search.page,
    "queue": queue.page,
    "step": step.page,
    "sample.txt": whole.text,
    "sample.json": whole.json_object,
    "grown": whole.grown,
}
_WRITTEN: Mapping[str, Callable[[Desk, Mapping[str, str]], Response]] = {
    "review": review.save,
    "reload": review.reload,
}
_STATUS: tuple[tuple[type[SamplesError], int], ...] = (
    (NotFound, 404),
    (UsageError, 400),
    (LakeError, 503),
    (SamplesError, 409),
)
_TITLES = {404: "Not found", 400: "Not understood", 503: "The lake cannot be read", 409: "Nothing to show"}


def site(desk: Desk) -> Starlette:
    """Return the application that answers requests whose paths begin behind the key."""

    def lost(request: Request, _: Exception) -> Response:
        said = f"There is no page {request.url.path}."
        return desk.render("message", Address("", ""), 404, title=_TITLES[404], message=said)

    return Starlette(
        routes=[
            *(Route(f"/{path}", _reader(desk, path)) for path in _READ),
            *(Route(f"/{path}", _writer(desk, path), methods=["POST"]) for path in _WRITTEN),
            Mount("/static", StaticFiles(directory=_STATIC)),
        ],
        exception_handlers={404: lost},
    )


def _reader(desk: Desk, path: str) -> Callable[[Request], Response]:
    def answer(request: Request) -> Response:  # a plain function: Starlette runs it in a thread
        try:
            address = Address(path, request.url.query)
        except UsageError as error:
            return _said(desk, Address("", ""), error)
        return _guarded(desk, address, lambda: _READ[path](desk, address))

    return answer


def _writer(desk: Desk, path: str) -> Any:
    async def answer(request: Request) -> Response:
        given = await review.form(request)
        return await run_in_threadpool(_guarded, desk, Address("", ""), lambda: _WRITTEN[path](desk, given))

    return answer


def _guarded(desk: Desk, address: Address, work: Callable[[], Response]) -> Response:
    """Return what `work` returns, or a page that says what is the matter."""
    try:
        return work()
    except LakeError as error:
        return _unread(desk, address, error)
    except SamplesError as error:
        return _said(desk, address, error)
    except Exception:  # noqa: BLE001 - a fault of ours: the page says so, and the terminal has the rest
        print(printable(traceback.format_exc()), file=sys.stderr, flush=True)  # noqa: T201 - for whoever started it
        said = "This page failed. The terminal of samples browse has the traceback; please report it."
        return desk.render("message", address, 500, title="A fault of Samples", message=said)


def _unread(desk: Desk, address: Address, error: LakeError) -> Response:
    """Return a page that says why the lake cannot be read. A sound lake, changed since it was pinned, is read anew."""
    try:
        if isinstance(error, StoreAway) or not desk.reading.outdated():
            return _said(desk, address, error)
    except UsageError as known:
        return _said(desk, address, known)
    said = (
        "The lake was changed since these pages were opened, and a file of what they show cannot be read any more. "
        "This happens when samples vacuum removes files that samples compact or samples drop replaced."
    )
    why = str(error).removesuffix("; restore it")
    return desk.render("message", address, 409, title="The lake was changed", message=said, why=why)


def _said(desk: Desk, address: Address, error: SamplesError) -> Response:
    """Return a page that says what is the matter."""
    code = next(code for kind, code in _STATUS if isinstance(error, kind))
    return desk.render("message", address, code, title=_TITLES[code], message=str(error))
