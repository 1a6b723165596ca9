"""Report how many rows of an import are done, at most twice a second."""

import time
from collections.abc import Callable

Watch = Callable[[str, int], None]  # is told what is being done, and how many rows of it are done

_SECONDS = 0.5


class Progress:
    """Counts the rows of one step and tells a watcher."""

    def __init__(self, watch: Watch, doing: str) -> None:
        """Tell that the step begins."""
        self._watch, self._doing = watch, doing
        self._told = time.monotonic()
        watch(doing, 0)

    def update(self, rows: int) -> None:
        """Tell how many rows are done, if the last time was half a second ago."""
        if time.monotonic() - self._told > _SECONDS:
            self._told = time.monotonic()
            self._watch(self._doing, rows)
