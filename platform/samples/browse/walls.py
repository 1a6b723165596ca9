"""Let in only the person who was given the address.

Other web pages in the same browser, other users of this machine and names that lead to loopback (DNS rebinding) are
kept out. The key stands in the path, and not in a cookie: browsers send a cookie to every port of a host.
"""

import hmac
from collections.abc import Mapping
from html import escape
from urllib.parse import parse_qs, quote

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
_READS = {"GET", "HEAD"}
_OURS = {"same-origin", "none"}  # of Sec-Fetch-Site; none is an address that a person typed or clicked elsewhere
_FOREIGN = "Another web page asked for this. That is refused."
_FORM = "application/x-www-form-urlencoded"


class Walls:
    """Pass requests on to `app`, whose paths begin behind the key, or refuse them. Every answer gets the headers."""

    def __init__(self, app: ASGIApp, port: int, key: str) -> None:
        self._app = app
        self._key = key
        self._hosts = (f"127.0.0.1:{port}", f"localhost:{port}")
        self._origins = tuple(f"http://{host}" for host in self._hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
            return
        answer = self._refusal(scope) or self._app
        if answer is self._app:
            scope = dict(scope) | {"path": "/" + scope["path"][1:].partition("/")[2], "root_path": ""}

        async def walled(message: Message) -> None:
            if message["type"] == "http.response.start":
                added = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
                message["headers"] = [*message.get("headers", []), *added]
            await send(message)

        await answer(scope, receive, walled)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        origins, site = headers.getlist("origin"), headers.get("sec-fetch-site", "none")
        if origins == ["null"] and site == "same-origin":
            origins = []  # because of no-referrer, browsers send a form of ours without its origin
        key, _, rest = scope["path"][1:].partition("/")
        if headers.getlist("host") not in [[host] for host in self._hosts]:
            return _refused(421, f"This server answers only at http://{self._hosts[0]}.")
        if origins and (len(origins) > 1 or origins[0] not in self._origins):
            return _refused(403, _FOREIGN)
        if not hmac.compare_digest(key.encode(), self._key.encode()):
            return self._without_key(scope, key, rest, site)
        if scope["method"] == "POST":
            return _refused_write(headers, site, known=bool(origins))
        return _refused_read(scope, headers, site)

    def _without_key(self, scope: Scope, key: str, rest: str, site: str) -> Response:
        """Ask for the key. A link of an earlier server works again once the new key is given."""
        if key == "open" and not rest and scope["method"] == "GET" and site in _OURS:
            given = parse_qs(scope["query_string"].decode("latin-1"))
            typed = given.get("key", [""])[0].strip().rstrip("/").rpartition("/")[2]
            if hmac.compare_digest(typed.encode(), self._key.encode()):
                to = given.get("to", [""])[0]
                return RedirectResponse(f"/{self._key}/{quote(to.lstrip('/'), safe='/?&=%+-_.~')}", 303)
        query = scope["query_string"].decode("latin-1")
        to = escape(rest + (f"?{query}" if query and rest else ""), quote=True)
        form = (
            '<form action="/open"><p><label>Address that <code>samples browse</code> printed, or its key '
            f'<input name="key" size="40" autocomplete="off"></label> <input type="hidden" name="to" value="{to}">'
            "<button>Open</button></p></form>"
        )
        return _refused(403, "The key in this address is not the key of this server.", form)


def _refused_write(headers: Headers, site: str, *, known: bool) -> Response | None:
    """Refuse a form that no page of this server sent. `known` says that the origin is this server."""
    if site not in _OURS or not (known or site == "same-origin"):
        return _refused(403, "A review is accepted only from the pages of this server.")
    if headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        return _refused(415, "A form is expected.")
    return None


def _refused_read(scope: Scope, headers: Headers, site: str) -> Response | None:
    """Refuse what another page asks for. Who follows a link from there is asked first."""
    if scope["method"] not in _READS:
        return _refused(405, "Pages are read with GET.")
    if site in _OURS:
        return None
    if headers.get("sec-fetch-mode") != "navigate" or headers.get("sec-fetch-dest") != "document":
        return _refused(403, _FOREIGN)
    query = scope["query_string"].decode("latin-1")
    here = escape(quote(scope["path"], safe="/-_.~") + (f"?{query}" if query else ""))
    return _refused(403, "A link on another web page led here.", f'<p><a href="{here}">Open it</a></p>')


def _refused(status: int, why: str, more: str = "") -> HTMLResponse:
    """Return a page of a few words, which needs no file."""
    head = '<!doctype html><html lang="en"><meta charset="utf-8"><title>Refused</title><h1>Refused</h1>'
    return HTMLResponse(f"{head}<p>{why}</p>{more}", status)
