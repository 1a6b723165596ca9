"""Worker processes that can be killed: hard limits on wall time and memory for every single item.

A pool maps one function over batches of items. An item that takes too long costs its worker and gets `timeout`; one
that raises, or crashes its worker, gets `error`; its neighbours are done all the same. Workers are forked from a
server that has imported what they need, so a new one costs milliseconds, and are replaced after a number of items,
so that what a library leaks does not add up. When the pool's owner dies, however it dies, they die.
"""

import contextlib
import ctypes
import multiprocessing
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Generator, Hashable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing import connection
from multiprocessing.sharedctypes import RawValue
from pathlib import Path
from types import ModuleType
from typing import Any, Self

from samples.errors import SamplesError

_LOOK_SECONDS = 0.1
_FLUSH_SECONDS = 0.05
_ITEMS_PER_WORKER = 20_000
_MEBIBYTE = 1 << 20

Batch = list[tuple[Hashable, Any]]


@dataclass(frozen=True)
class Failure:
    """What an item got instead of a result: status `timeout` or `error`, and why."""

    status: str
    detail: str


class Pool:
    """`size` workers, each running what `make()` returns. Use as a context: its end kills them."""

    def __init__(
        self,
        make: Callable[[], Callable[[Any], Any]],
        *,
        size: int,
        seconds: float,
        memory_mib: int,
        preload: Iterable[str] = (),
    ) -> None:
        """Start the workers.

        `make` is called in each worker and must pickle; `seconds` is an item's limit of wall time, `memory_mib` what
        it may add to its process; `preload` names modules that are imported once for all workers.
        """
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([__name__, *preload])
        self._workers = [_Worker(context, make, seconds, memory_mib * _MEBIBYTE) for _ in range(size)]

    def __enter__(self) -> Self:
        """Return the pool."""
        return self

    def __exit__(self, *_: object) -> None:
        """Kill every worker."""
        for worker in self._workers:
            worker.kill()

    def map(self, batches: Iterable[Batch]) -> Iterator[tuple[Hashable, Any]]:
        """Yield (key, result or `Failure`) for every (key, item), as they come.

        A batch is taken when a worker is free for it: never more than one per worker is in memory. `batches` that are
        empty while results are still to come are asked again after each.

        Raises:
            SamplesError: A worker cannot start.
        """
        source = iter(batches)
        while True:
            for worker in self._workers:
                if not worker.left and (batch := next(source, None)) is not None:
                    worker.take(dict(batch))
            busy = {worker.pipe: worker for worker in self._workers if worker.left}
            if not busy:
                return
            connection.wait(list(busy), _LOOK_SECONDS)
            for worker in busy.values():
                yield from worker.look()


class _Worker:
    """One process and what it has still to do."""

    def __init__(self, context: Any, make: Callable[[], Callable[[Any], Any]], seconds: float, memory: int) -> None:
        self._context, self._make, self._seconds, self._memory = context, make, seconds, memory
        self.left: dict[Hashable, Any] = {}
        self._begin()

    def _begin(self) -> None:
        self.pipe, theirs = self._context.Pipe()
        self._number = RawValue("q", -1)  # of the item in its hands, in the order they were sent
        self._since = RawValue("d", 0.0)  # when it took that item, by the monotonic clock
        arguments = (theirs, self._make, self._memory, self._number, self._since)
        self._process = self._context.Process(target=_work, args=arguments, daemon=True)
        with _without_main():
            self._process.start()
        theirs.close()
        self._done = 0

    def kill(self) -> None:
        """End the process at once."""
        self._process.kill()
        self._process.join()
        self.pipe.close()

    def take(self, items: dict[Hashable, Any]) -> None:
        """Begin with these items."""
        if self._done > _ITEMS_PER_WORKER:
            self.kill()
            self._begin()
        self.left = items
        self._order = list(items)
        self._number.value = -1
        with contextlib.suppress(OSError):  # it has died: `look` sees that
            self.pipe.send(list(items.items()))

    def look(self) -> Iterator[tuple[Hashable, Any]]:
        """Yield what has come; where an item overran its limit or took the process down, start anew without it."""
        alive = yield from self._receive()
        late = self._number.value >= 0 and time.monotonic() - self._since.value > self._seconds
        if not self.left or (alive and not late):
            return
        self._process.kill()
        self._process.join()
        yield from self._receive()  # what it had sent before
        number, code = self._number.value, self._process.exitcode
        self.pipe.close()
        left = dict(self.left)
        if number < 0 and not alive:
            raise SamplesError(f"a worker process died as it started (exit code {code})")
        if number >= 0 and (key := self._order[number]) in left:
            del left[key]
            why = f"over {self._seconds:g} s" if late else f"the worker process died (exit code {code})"
            yield key, Failure("timeout" if late else "error", why)
        self._begin()
        self.take(left)
        if not left:
            self.left = {}

    def _receive(self) -> Any:
        """Yield the results in the pipe; returns whether the process still lives."""
        try:
            while self.left and self.pipe.poll():
                came = self.pipe.recv()
                if isinstance(came, SamplesError):
                    raise came
                for key, result in came:
                    if key in self.left:
                        del self.left[key]
                        self._done += 1
                        yield key, result
        except (EOFError, OSError):
            return False
        return True


@contextlib.contextmanager
def _without_main() -> Generator[None]:
    """Start a worker without the user's script: a worker needs none of it, and would run it a second time.

    multiprocessing imports the main module in each new process, which runs a script that has no
    `if __name__ == "__main__"`.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _work(pipe: Any, make: Callable[[], Callable[[Any], Any]], memory: int, number: Any, since: Any) -> None:
    """Be a worker: do batches as they come, and say at every moment which item is being done."""
    _die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C is the owner's to handle
    try:
        do = make()
    except Exception as error:  # noqa: BLE001 - told to the pool's owner, whose errors these are
        pipe.send(error if isinstance(error, SamplesError) else SamplesError(f"{type(error).__name__}: {error}"))
        return
    size = int(Path("/proc/self/statm").read_text("ascii").split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (size + memory, size + memory))
    while True:
        try:
            batch = pipe.recv()
        except EOFError:
            return
        results: list[tuple[Hashable, Any]] = []
        flushed = time.monotonic()
        for index, (key, item) in enumerate(batch):
            since.value = time.monotonic()
            number.value = index
            try:
                results.append((key, do(item)))
            except MemoryError:
                results.append((key, Failure("error", f"over {memory // _MEBIBYTE} MiB of memory")))
            except BaseException as error:  # noqa: BLE001 - whatever an item raises is that item's result
                results.append((key, Failure("error", f"{type(error).__name__}: {error}"[:200])))
            if (now := time.monotonic()) - flushed > _FLUSH_SECONDS:
                pipe.send(results)
                results, flushed = [], now
        number.value = -1
        pipe.send(results)


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG; the fork server ends with the pool's owner
