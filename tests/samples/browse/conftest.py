"""A server of pages over a small lake."""

import http.client
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from samples.api import Lake
from samples.browse.serve import Served


class Client:
    """Asks a server of pages as a program would, with any headers."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.key = urlsplit(served.url).path.strip("/")

    def ask(self, path: str, method: str = "GET", body: str | None = None, **headers: str) -> http.client.HTTPResponse:
        """Return the answer at a path behind the key; with a leading slash, at the path itself."""
        connection = http.client.HTTPConnection("127.0.0.1", self.served.port, timeout=60)
        place = path if path.startswith("/") else f"/{self.key}/{path}"
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.putrequest(method, place, skip_host="Host" in given)
        if body is not None:
            given = {"Content-Type": "application/x-www-form-urlencoded", **given, "Content-Length": str(len(body))}
        for name, value in given.items():
            connection.putheader(name, value)
        connection.endheaders(body.encode() if body is not None else None)
        answer = connection.getresponse()
        answer.text = answer.read().decode()
        connection.close()
        return answer

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.served.port}"


@pytest.fixture(scope="module")
def served() -> Iterator[Callable[..., Client]]:
    """Return a function that serves a lake, and returns a client."""
    running: list[Served] = []

    def serve(lake: Lake, **settings: Any) -> Client:
        running.append(lake.browse(**settings))
        return Client(running[-1])

    yield serve
    for one in running:
        one.close()
