"""Decide how often to commit: every few seconds, and less often if a commit takes long."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

COMMIT_SECONDS = 3.0
COMMIT_SHARE = 20  # wait this many times a commit's duration before the next: commits slow down as the table grows


@dataclass
class Pace:
    """Tells when the next commit is due."""

    _last: float = field(default_factory=time.monotonic, init=False)
    _wait: float = field(default_factory=lambda: COMMIT_SECONDS, init=False)

    @property
    def due(self) -> bool:
        """True when it is time to commit."""
        return time.monotonic() - self._last > self._wait

    @contextmanager
    def committing(self) -> Generator[None]:
        """Measure the duration of a commit. The wait for the next one starts at its end."""
        began = time.monotonic()
        try:
            yield
        finally:
            self._last = time.monotonic()
            self._wait = max(COMMIT_SECONDS, COMMIT_SHARE * (self._last - began))
