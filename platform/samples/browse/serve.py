"""Run the site on loopback, in a thread of this process."""

import logging
import secrets
import socket
import threading
import time
from typing import Any, Self

import uvicorn

from samples.browse.desk import Desk
from samples.browse.site import site
from samples.browse.walls import Walls
from samples.errors import UsageError
from samples.lake.tables import Tables

_START_SECONDS, _STOP_SECONDS, _TICK = 10.0, 0.5, 0.01
_KEY_BYTES = 18


class Served:
    """A site that is being served. `url` is its address, with the key."""

    def __init__(self, server: uvicorn.Server, listener: socket.socket, key: str) -> None:
        self.port: int = listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/{key}/"
        self._server, self._listener = server, listener
        self._thread = threading.Thread(target=server.run, args=([listener],), daemon=True, name="samples browse")
        self._thread.start()
        until = time.monotonic() + _START_SECONDS
        while not server.started and self._thread.is_alive() and time.monotonic() < until:
            time.sleep(_TICK)

    def wait(self) -> None:
        """Wait until the server ends. Ctrl-C raises KeyboardInterrupt."""
        while self._thread.is_alive():
            self._thread.join(1.0)

    def close(self) -> None:
        """Stop serving. Pages that are still being made are given up."""
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(_STOP_SECONDS)
        self._listener.close()

    def __repr__(self) -> str:
        return f"<samples browse at {self.url}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def serve(
    lake: Tables, *, port: int | None = None, tokenizer: str | None = None, reviewer: str | None = None
) -> Served:
    """Start to serve a lake on loopback; see `samples.browse.browse.browse`."""
    desk = Desk(lake, tokenizer=tokenizer, reviewer=reviewer)
    threading.Thread(target=desk.warm, daemon=True).start()
    listener = _listen(port)
    key = secrets.token_urlsafe(_KEY_BYTES)
    settings: dict[str, Any] = {"log_config": None, "access_log": False, "server_header": False, "date_header": False}
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL)  # its lines would go to the user's terminal
    walls = Walls(site(desk), listener.getsockname()[1], key)
    config = uvicorn.Config(walls, lifespan="off", ws="none", http="h11", loop="asyncio", **settings)
    return Served(uvicorn.Server(config), listener, key)


def _listen(port: int | None) -> socket.socket:
    """Listen on a port of loopback.

    Raises:
        UsageError: The port is taken, or this user may not use it.
    """
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port or 0))
    except (OSError, OverflowError) as error:
        listener.close()
        why = getattr(error, "strerror", None) or error
        raise UsageError(f"port {port} of 127.0.0.1: {why}; give another --port, or none for a free one") from error
    listener.listen()
    return listener
