"""A proxy before an S3 server that fails as networks do: it is away for a while, cuts bodies, refuses writes."""

import http.client
import socket
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}


class FaultyStore:
    """Passes requests on to `target` (http://HOST:PORT), except where a test says otherwise.

    `cut(number)` says whether the body of the GET of this number, from 0, is cut; `answer(method, path)` gives a status
    to answer instead of passing the request on, 0 to hang up at once, or None; `lose(method, path)` says whether a
    request is passed on and its answer lost; `hang(method, path)` gives the seconds that an answer waits.
    """

    def __init__(self, target: str) -> None:
        self.target = target.removeprefix("http://")
        self.cut: Callable[[int], bool] = lambda _: False
        self.answer: Callable[[str, str], int | None] = lambda _method, _path: None
        self.lose: Callable[[str, str], bool] = lambda _method, _path: False
        self.hang: Callable[[str, str], float] = lambda _method, _path: 0.0
        self.cuts = self.refused = self.lost = 0
        self._gets = 0
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._server = self._listen(0)
        self.port = self._server.server_address[1]

    @property
    def uri(self) -> str:
        """Where the proxy listens."""
        return f"http://127.0.0.1:{self.port}"

    def _listen(self, port: int) -> ThreadingHTTPServer:
        store = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self) -> None:
                super().setup()
                store._open.add(self.connection)

            def finish(self) -> None:
                store._open.discard(self.connection)
                super().finish()

            def log_message(self, *_: Any) -> None:
                pass

            def _pass_on(self) -> None:
                store._pass_on(self)

            do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = _pass_on  # noqa: N815 - what http.server calls

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False
            allow_reuse_address = True

            def handle_error(self, *_: Any) -> None:
                pass  # clients and tests close connections

        server = Server(("127.0.0.1", port), Handler)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return server

    def leave(self) -> None:
        """Refuse connections, and end those that are open."""
        self._server.shutdown()
        self._server.server_close()
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def come_back(self) -> None:
        """Accept connections again."""
        self._server = self._listen(self.port)

    def be_away(self, seconds: float) -> threading.Thread:
        """Leave now, and come back after so many seconds."""
        self.leave()

        def wait() -> None:
            time.sleep(seconds)
            self.come_back()

        thread = threading.Thread(target=wait)
        thread.start()
        return thread

    def close(self) -> None:
        """End for good."""
        self.leave()

    def _pass_on(self, request: Any) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        status = self.answer(request.command, request.path)
        if status == 0:
            self._hang_up(request)
            return
        if status is not None:
            self.refused += 1
            self._send(request, status, {}, b"")
            return
        time.sleep(self.hang(request.command, request.path))
        upstream = http.client.HTTPConnection(self.target, timeout=30)
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _HOP}
        upstream.request(request.command, request.path, body or None, headers)
        found = upstream.getresponse()
        data = found.read()
        upstream.close()
        if self.lose(request.command, request.path):
            self.lost += 1
            self._hang_up(request)
            return
        cut = False
        if request.command == "GET" and data:
            with self._lock:
                cut, self._gets = self.cut(self._gets), self._gets + 1
                self.cuts += cut
        kept = {name: value for name, value in found.headers.items() if name.lower() not in _HOP}
        length = int(found.headers["Content-Length"] or 0) if request.command == "HEAD" else len(data)
        self._send(request, found.status, kept, data[: len(data) // 2] if cut else data, length)
        if cut:
            self._hang_up(request)

    def _hang_up(self, request: Any) -> None:
        request.connection.shutdown(socket.SHUT_RDWR)
        request.close_connection = True

    def _send(self, request: Any, status: int, headers: dict[str, str], body: bytes, length: int | None = None) -> None:
        request.send_response_only(status)
        for name, value in headers.items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(body) if length is None else length))
        request.end_headers()
        request.wfile.write(body)
        request.wfile.flush()
