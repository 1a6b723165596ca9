"""What pages read: one pinned snapshot of the lake, until the reader asks for a newer one.

What was read is kept, because one person looks at few problems again and again. A page that needs what another page is
reading waits for it.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any, TypeVar

from samples.errors import LakeError
from samples.lake import vacuumed
from samples.lake.tables import Tables
from samples.runs.run import Run, every
from samples_schemas import TABLES

Answer = TypeVar("Answer")

_KEPT = 48  # answers
_STORE_THREADS = 16
_LOOK_SECONDS = 10.0  # between two looks at whether the lake has grown
_OF_REVIEWS = ("reviews", "queue")  # first parts of keys
_WATCHED = ("runs", "samples", "verdicts", "scores", "labels")


class Reading:
    """A pinned lake, and what was read of it."""

    def __init__(self, lake: Tables) -> None:
        self._live = lake
        self._lock = threading.Lock()
        self._pinning = threading.Lock()  # one at a time: the slower of two would bring older rows back
        self._answers: OrderedDict[Hashable, Future[Any]] = OrderedDict()
        self._looked, self._grown = 0.0, False
        self.lake = lake.pin()
        self._fixed = self.lake is lake  # it was opened at one version

    @property
    def fixed(self) -> bool:
        """Whether the lake was opened at one version: it takes no reviews, and nothing newer is shown."""
        return self._fixed

    @property
    def live(self) -> Tables:
        """The lake as it was opened: for writing reviews."""
        return self._live

    @property
    def threads(self) -> int | None:
        """DuckDB's threads: one per core, and more on an object store, where they mostly wait for answers."""
        return None if self._live.place.is_local else _STORE_THREADS

    def once(self, key: Hashable, make: Callable[[], Answer]) -> Answer:
        """Return what `make` returned for this key. Errors are not kept."""
        with self._lock:
            future = self._answers.get(key)
            ours = future is None
            if future is None:
                future = self._answers[key] = Future()
                while len(self._answers) > _KEPT:
                    self._answers.popitem(last=False)
            self._answers.move_to_end(key)
        if ours:
            try:
                future.set_result(make())
            except BaseException as error:
                self.forget(key)
                future.set_exception(error)
                raise
        return future.result()

    def forget(self, key: Hashable) -> None:
        """Read this again when it is asked for."""
        with self._lock:
            self._answers.pop(key, None)

    def reviewed(self) -> None:
        """Read reviews anew: one was written. All else stays as it was pinned."""
        with self._pinning:
            lake = self.lake.renewed(["reviews"])
            self._show(lake, lambda key: isinstance(key, tuple) and key[0] in _OF_REVIEWS)

    def reload(self) -> None:
        """Pin the newest snapshot, and forget what was read.

        Raises:
            NotFound: The lake is there no more.
        """
        with self._pinning:
            self._live.require()
            self._show(self._live.pin(), lambda _: True)
            self._grown, self._looked = False, time.monotonic()

    def _show(self, lake: Tables, outdated: Callable[[Hashable], bool]) -> None:
        """Read this lake from now on, and forget answers with these keys."""
        with self._lock:
            self.lake = lake
            for key in [key for key in self._answers if outdated(key)]:
                del self._answers[key]

    def grown(self) -> bool:
        """Return whether the lake has commits that pages do not show. It is looked up every ten seconds at most."""
        if not self._fixed and not self._grown and time.monotonic() - self._looked > _LOOK_SECONDS:
            self._looked = time.monotonic()
            self._grown = any(map(self._has_more, _WATCHED))
        return self._grown

    def outdated(self) -> bool:
        """Return whether the lake was changed since it was pinned: by now, its files may be gone.

        Raises:
            UsageError: The lake is open at one version, of which a vacuum took files since, or it is there no more.
        """
        try:
            self._live.require()
            if self._fixed:
                for name in TABLES:
                    if (snapshot := self.lake.delta(name)) is not None:
                        vacuumed.require(self.lake.place, name, snapshot.version())
                return False
            newest = self._live.pin()
            return any(_version(newest, name) != _version(self.lake, name) for name in TABLES)
        except LakeError:
            return False  # it cannot be read at all

    def _has_more(self, table: str) -> bool:
        snapshot = self.lake.delta(table)
        following = 0 if snapshot is None else snapshot.version() + 1
        return self._live.place.get(f"{table}/_delta_log/{following:020}.json") is not None

    def runs(self) -> list[Run]:
        """Return the runs, the oldest first."""
        return self.once("runs", lambda: every(self.lake))


def _version(lake: Tables, name: str) -> int | None:
    snapshot = lake.delta(name)
    return None if snapshot is None else snapshot.version()
