"""Receipts of a stream as they come, a look every half second, until the stream ends, breaks or is stopped."""

import queue
import threading
import time
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from samples.errors import SamplesError
from samples.pipeline.stream import Stream
from samples.pipeline.telemetry import Status

_LOOK_SECONDS = 0.5
_DEATHS = 3  # replicas that may be lost, beyond the pool's size, between two receipts
_QUIET_LOOKS = 4  # after a stop: looks without a receipt, all replicas idle, after which none is on its way


@dataclass(frozen=True)
class Look:
    """The receipts that came since the last look, and the replicas' status. After the `last` nothing comes."""

    receipts: list[Any]
    status: Status
    last: bool


def looks(stream: Stream, stop: threading.Event) -> Generator[Look]:
    """Yield looks at a stream. Setting `stop` lets replicas finish what they have begun. Close the generator after use.

    Raises:
        SamplesError: The stream broke: after the last look, so that its receipts are not lost.
    """
    arrived: queue.SimpleQueue[Any] = queue.SimpleQueue()
    listener = threading.Thread(target=_listen, args=(stream, arrived), daemon=True)
    listener.start()
    watch = _Watch(stream, stop)
    failure: BaseException | None = None
    last = False
    try:
        while not last:
            came, end = _collect(arrived)
            status = stream.status()
            if end is not None:
                last, failure = True, end.error
            else:
                last, failure = watch.over(status, came=bool(came))
            yield Look(came, status, last)
    finally:
        stream.close(listener)
    if failure is not None:
        raise failure


@dataclass(frozen=True)
class _End:
    error: BaseException | None


def _listen(stream: Stream, arrived: "queue.SimpleQueue[Any]") -> None:
    try:
        for receipt in stream:
            arrived.put(receipt)
        arrived.put(_End(None))
    except BaseException as error:  # noqa: BLE001 - handed to the driver's thread, which raises it
        arrived.put(_End(error))


def _collect(arrived: "queue.SimpleQueue[Any]") -> tuple[list[Any], _End | None]:
    """Take what arrived, waiting a moment for it."""
    deadline = time.monotonic() + _LOOK_SECONDS
    came: list[Any] = []
    while (left := deadline - time.monotonic()) > 0:
        try:
            item = arrived.get(timeout=left)
        except queue.Empty:
            break
        if isinstance(item, _End):
            return came, item
        came.append(item)
    return came, None


@dataclass
class _Watch:
    """Tells when no receipt will come although the stream has not ended: it was stopped, or nothing of it lives."""

    stream: Stream
    stop: threading.Event
    told: bool = False  # replicas know of the stop
    quiet: int = 0  # looks since replicas are idle and nothing came
    seen: int = 0  # replicas that had ever been there when the last receipt came

    def over(self, status: Status, *, came: bool) -> tuple[bool, SamplesError | None]:
        """Return whether it is over, and why if something broke."""
        if fault := self.stream.fault:
            return True, SamplesError(f"{fault} The same command goes on from what is committed")
        if self.stop.is_set() and not self.told:
            self.told = True
            return not self.stream.stop(), None
        if came:
            self.seen, self.quiet = status.seen, 0
        elif status.seen - self.seen > self.stream.largest + _DEATHS:
            return True, SamplesError(_DYING.format(status.seen - self.seen))
        elif status.idle:
            self.quiet += 1
        return self.quiet >= _QUIET_LOOKS, None


_DYING = (
    "{} replicas died one after another and finished no unit; Ray's log of the last one, in "
    "/tmp/ray/session_latest/logs of its machine, says why"
)
