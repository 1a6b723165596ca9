"""The site: its pages by path, and what they share. `walls` stand before it."""

import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
from markupsafe import Markup
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from samples.browse import numbers
from samples.browse.address import Address
from samples.browse.pages import problem, problems, queue, review, runs, sample, search, step, whole
from samples.browse.reading import Reading
from samples.browse.visible import visible
from samples.errors import LakeError, NotFound, SamplesError, UsageError
from samples.lake.tables import Tables
from samples.lines import printable

_HERE = Path(__file__).parent

Page = Callable[["Site", Address], Response]


class Site:
    """Pages about one lake. `app` answers requests whose paths begin behind the key."""

    def __init__(self, lake: Tables, *, tokenizer: str | None, reviewer: str | None) -> None:
        self.reading = Reading(lake)
        self.tokenizer = tokenizer
        self.reviewer = reviewer or ""  # the last name that was given on a page, if none was given at the start
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            finalize=_inert,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters |= {"visible": visible, "line": _line, **numbers.FILTERS}
        read: Mapping[str, Page] = {
            "": runs.page, "problems": problems.page, "problem": problem.page, "sample": sample.page,
            "search": search.page, "queue": queue.page, "step": step.page, "sample.txt": whole.text, "sample.json": whole.json_object,
            "grown": whole.grown,
        }  # fmt: skip
        written: Mapping[str, Callable[[Site, Mapping[str, str]], Response]] = {
            "review": review.save, "reload": review.reload,
        }  # fmt: skip
        self.app = Starlette(
            routes=[
                *(Route(f"/{path}", self._shown(path, page)) for path, page in read.items()),
                *(Route(f"/{path}", self._done(path, act), methods=["POST"]) for path, act in written.items()),
                Mount("/static", StaticFiles(directory=_HERE / "static")),
            ],
            exception_handlers={404: self._lost},
        )

    def render(self, template: str, address: Address, code: int = 200, **values: Any) -> HTMLResponse:
        """Return a page made of a template."""
        found = self._templates.get_template(f"{template}.html")
        shared = {"address": address, "site": self, "lake_uri": self.reading.lake.uri}
        return HTMLResponse(found.render(**shared, **values), code)

    def _shown(self, path: str, page: Page) -> Callable[[Request], Response]:
        def answer(request: Request) -> Response:  # a plain function: Starlette runs it in a thread
            address = Address(path, request.url.query)
            return self._guarded(address, lambda: page(self, address))

        return answer

    def _done(self, path: str, act: Callable[["Site", Mapping[str, str]], Response]) -> Any:
        from starlette.concurrency import run_in_threadpool

        async def answer(request: Request) -> Response:
            given = await review.form(request)
            address = Address(path, "")
            return await run_in_threadpool(lambda: self._guarded(address, lambda: act(self, given)))

        return answer

    def _guarded(self, address: Address, work: Callable[[], Response]) -> Response:
        """Return what `work` returns, or a page that says what is the matter."""
        try:
            return work()
        except SamplesError as error:
            status = next(code for kind, code in _STATUS if isinstance(error, kind))
            return self.render("message", address, status, title=_TITLES[status], message=str(error))
        except Exception:  # noqa: BLE001 - a fault of ours: the page says so, and the terminal has the rest
            print(printable(traceback.format_exc()), file=sys.stderr, flush=True)  # noqa: T201 - for whoever started it
            said = "This page failed. The terminal of samples browse has the traceback; please report it."
            return self.render("message", address, 500, title="A fault of Samples", message=said)

    def _lost(self, request: Request, _: Exception) -> Response:
        address = Address("", "")
        return self.render("message", address, 404, title=_TITLES[404], message=f"There is no page {request.url.path}.")


class _Status(NamedTuple):
    kind: type[SamplesError]
    code: int


_STATUS = (_Status(NotFound, 404), _Status(UsageError, 400), _Status(LakeError, 503), _Status(SamplesError, 409))
_TITLES = {404: "Not found", 400: "Not understood", 503: "The lake cannot be read", 409: "Nothing to show"}


def _inert(value: Any) -> Any:
    """Make a value harmless, whatever a template does with it: spelled out, and escaped after this."""
    if value is None:
        return ""
    return printable(value, lines=True) if type(value) is str else value


def _line(text: str | None, most: int = 120) -> Markup:
    """Return the beginning of a text as one line."""
    words = " ".join((text or "")[: 4 * most].split(" ")).replace("\n", " ").replace("\t", " ")
    return visible(words if len(words) <= most else words[: most - 1] + "…", lines=False)
