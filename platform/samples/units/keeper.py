"""Save what is finished of open units every minute, in a thread of a replica, and before the replica ends."""

import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

_QUICK = 8  # so many units in a row that were open for a shorter time: further ones will hardly have parts
_TICKS = 12  # looks in the time after which a unit is saved


@dataclass(eq=False)
class _Open:
    due: float
    save: Callable[[], None]
    saving: threading.Lock = field(default_factory=threading.Lock)
    closed: bool = False

    def saved(self) -> None:
        with self.saving:
            if not self.closed:
                with suppress(Exception):  # a courtesy to who comes later: the unit itself goes on
                    self.save()


class Keeper:
    """Calls the function `save` of each unit that is open, every `seconds`."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._quick = 0
        self._open: list[_Open] = []
        self._lock = threading.Lock()
        self._started = False

    @property
    def quick(self) -> bool:
        """Whether units are not open for long enough to be saved, as far as one can tell."""
        return self._quick >= _QUICK

    @contextmanager
    def of(self, save: Callable[[], None]) -> Generator[None]:
        """Save a unit in this context from time to time. Afterwards `save` is not called any more."""
        began = time.monotonic()
        unit = _Open(began + self._seconds, save)
        with self._lock:
            self._open.append(unit)
            if not self._started:
                self._started = True
                threading.Thread(target=self._keep, daemon=True).start()
        try:
            yield
        finally:
            with self._lock:
                self._open.remove(unit)
                self._quick = self._quick + 1 if time.monotonic() - began < self._seconds else 0
            with unit.saving:  # a unit that is just saved waits, and then knows all its parts
                unit.closed = True

    def save_all(self) -> None:
        """Save all open units now: this process is about to end."""
        with self._lock:
            units = list(self._open)
        for unit in units:
            unit.saved()

    def _keep(self) -> None:
        while True:
            time.sleep(self._seconds / _TICKS)
            now = time.monotonic()
            with self._lock:
                due = [unit for unit in self._open if unit.due <= now]
            for unit in due:
                unit.due = now + self._seconds
                unit.saved()
