"""Worker processes that can be killed, with hard limits on wall time and memory for every single item.

A pool maps one function over batches of items. If an item takes too long, its worker is killed and its result is
`timeout`. If it raises or crashes its worker, its result is `error`. Its neighbours get their results all the same. If
the system kills the worker, for want of memory perhaps, the item is tried once more while no other worker works. A
worker that dies as it starts is started again.
Workers are forked from a server that has imported what they need, so a new one costs milliseconds. They are replaced
after a number of items, so that leaks of a library do not add up. When the pool's owner dies, in any way, they die.
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

_POLL_SECONDS = 0.1
_FLUSH_SECONDS = 0.05
_ITEMS_PER_WORKER = 20_000
_STARTS = 5  # deaths of one worker in a row before its first item, after which the pool gives up
_START_AGAIN_SECONDS = 0.2  # times the number of deaths
_SYSTEM = (-signal.SIGKILL, -signal.SIGTERM)  # exit codes of a process that something else ended
_MEBIBYTE = 1 << 20

Batch = list[tuple[Hashable, Any]]


@dataclass(frozen=True)
class Failure:
    """The outcome of an item without a result: the status `timeout` or `error`, and why."""

    status: str
    detail: str


class WorkerPool:
    """`size` workers that run what `make()` returns. Use it as a context; the end of the context kills them."""

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

        `make` is called in each worker, and must pickle. `seconds` limits the wall time of an item, `memory_mib` the
        memory that it may add to its process. `preload` names modules that are imported once for all workers.

        Raises:
            SamplesError: A worker cannot start.
        """
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([__name__, *preload])
        self._workers: list[_Worker] = []
        try:
            for _ in range(size):
                self._workers.append(_Worker(context, make, seconds, memory_mib * _MEBIBYTE))
        except SamplesError:
            self.__exit__()
            raise

    def __enter__(self) -> Self:
        """Return the pool."""
        return self

    def __exit__(self, *_: object) -> None:
        """Kill every worker."""
        for worker in self._workers:
            worker.kill()

    def map(self, batches: Iterable[Batch]) -> Iterator[tuple[Hashable, Any]]:
        """Yield (key, result or `Failure`) for every (key, item), in any order.

        A batch is taken when a worker is free, so memory holds at most one batch per worker. If `batches` is exhausted
        while results are still to come, it is asked again after each result.

        Raises:
            SamplesError: A worker cannot start.
        """
        source = iter(batches)
        killed: list[tuple[Hashable, Any]] = []
        while True:
            for worker in self._workers:
                if not worker.left and (batch := next(source, None)) is not None:
                    worker.assign(dict(batch))
            if killed and not any(worker.left for worker in self._workers):
                self._workers[0].assign(dict([killed.pop()]), again=True)
            busy = {worker.pipe: worker for worker in self._workers if worker.left}
            if not busy:
                return
            connection.wait(list(busy), _POLL_SECONDS)
            for worker in busy.values():
                yield from worker.poll()
                killed += worker.killed
                worker.killed = []


class _Worker:
    """One process and the items that it still has to do."""

    def __init__(self, context: Any, make: Callable[[], Callable[[Any], Any]], seconds: float, memory: int) -> None:
        self._context, self._make, self._seconds, self._memory = context, make, seconds, memory
        self.left: dict[Hashable, Any] = {}
        self.killed: list[tuple[Hashable, Any]] = []  # items in whose midst the system killed the process
        self._again = False  # the items were tried before
        self._deaths = 0  # before the first item, since the last result
        self._begin()

    def _begin(self) -> None:
        while True:
            try:
                self._start()
            except (OSError, EOFError) as error:  # the server that forks has been killed, or there is no memory
                self._wait_after_death(str(error) or type(error).__name__)
            else:
                return

    def _wait_after_death(self, why: str) -> None:
        """Wait before the next start.

        Raises:
            SamplesError: Too many starts failed in a row.
        """
        self._deaths += 1
        if self._deaths >= _STARTS:
            raise SamplesError(
                f"a worker process died {_STARTS} times as it started ({why}): the machine may lack memory; try fewer "
                "--workers"
            )
        time.sleep(_START_AGAIN_SECONDS * self._deaths)

    def _start(self) -> None:
        self.pipe, theirs = self._context.Pipe()
        self._number = RawValue("q", -1)  # of the item in progress, in the order of sending
        self._since = RawValue("d", 0.0)  # when it began that item, by the monotonic clock
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

    def assign(self, items: dict[Hashable, Any], *, again: bool = False) -> None:
        """Send items to the process; `again` says that they were tried before."""
        self._again = again
        if self._done > _ITEMS_PER_WORKER:
            self.kill()
            self._begin()
        self.left = items
        self._order = list(items)
        self._number.value = -1
        with contextlib.suppress(OSError):  # the process has died; `poll` notices
            self.pipe.send(list(items.items()))

    def poll(self) -> Iterator[tuple[Hashable, Any]]:
        """Yield the results so far. If an item exceeded its limit or killed the process, start again without it."""
        alive = yield from self._receive()
        late = self._number.value >= 0 and time.monotonic() - self._since.value > self._seconds
        if not self.left or (alive and not late):
            return
        self._process.kill()
        self._process.join()
        yield from self._receive()  # what the process had sent before
        number, code = self._number.value, self._process.exitcode
        self.pipe.close()
        left = dict(self.left)
        if number < 0 and not alive:
            self._wait_after_death(f"exit code {code}")
        if number >= 0 and (key := self._order[number]) in left:
            item = left.pop(key)
            if not late and code in _SYSTEM and not self._again:
                self.killed.append((key, item))
            else:
                why = f"over {self._seconds:g} s" if late else f"the worker process died (exit code {code})"
                yield key, Failure("timeout" if late else "error", why)
        self._begin()
        self.assign(left, again=self._again)
        if not left:
            self.left = {}

    def _receive(self) -> Any:
        """Yield the results in the pipe. Return whether the process is alive."""
        try:
            while self.left and self.pipe.poll():
                came = self.pipe.recv()
                if isinstance(came, SamplesError):
                    raise came
                for key, result in came:
                    if key in self.left:
                        del self.left[key]
                        self._done += 1
                        self._deaths = 0
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
    """Run a worker: do batches as they come, and publish which item is in progress since when."""
    _die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the owner handles Ctrl-C in a terminal
    try:
        do = make()
    except Exception as error:  # noqa: BLE001 - sent to the pool's owner, which raises it
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
