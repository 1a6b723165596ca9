"""Collect the receipts of a stream every half second, until the stream ends, breaks or is stopped."""

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
_DEATHS = 3  # between two receipts, so many replicas may die for each in the pool, and as many more
_QUIET_LOOKS = 4  # after a stop, so many looks with idle replicas and no receipt mean that no receipt will come


@dataclass(frozen=True)
class Look:
    """The receipts since the previous look, and the replicas' status. Nothing comes after the `last` look."""

    receipts: list[Any]
    status: Status
    last: bool


def looks(stream: Stream, stop: threading.Event) -> Generator[Look]:
    """Yield looks at a stream. After `stop` is set, replicas only finish what they have begun. Close it after use.

    Raises:
        SamplesError: The stream broke. The error comes after the last look, so that no receipt is lost.
    """
    arrived: queue.SimpleQueue[Any] = queue.SimpleQueue()
    listener = threading.Thread(target=_listen, args=(stream, arrived), daemon=True)
    listener.start()
    watch = _EndWatch(stream, stop)
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
    """Return what arrives within half a second, and the end if it came."""
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
class _EndWatch:
    """Detects that no receipt will come although the stream has not ended: it was stopped, or its replicas died."""

    stream: Stream
    stop: threading.Event
    told: bool = False  # the replicas were told to stop
    quiet: int = 0  # looks in a row with idle replicas and no receipt
    seen: int = 0  # replicas that had ever started when the last receipt came

    def over(self, status: Status, *, came: bool) -> tuple[bool, SamplesError | None]:
        """Return whether the stream is over, and the error if something broke."""
        if fault := self.stream.fault:
            return True, SamplesError(f"{fault} {_AGAIN}")
        if status.fatal:
            return True, SamplesError(f"{status.fatal}. {_AGAIN}")
        if self.stop.is_set() and not self.told:
            self.told = True
            return not self.stream.stop(), None
        if came:
            self.seen, self.quiet = status.seen - status.refused, 0
        elif (died := status.seen - status.refused - self.seen) > _DEATHS * (self.stream.largest + 1):
            return True, SamplesError(_DYING.format(died, status.news or _NO_NEWS))
        elif status.idle:
            self.quiet += 1
        return self.quiet >= _QUIET_LOOKS, None


_AGAIN = "Run the same command again: it goes on from what is committed"
_DYING = "{} replicas died one after another and finished no unit; {}"
_NO_NEWS = "Ray's log of the last one, in /tmp/ray/session_latest/logs of its machine, says why"
