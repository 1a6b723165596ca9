"""Room in an engine's batch: when the next unit may be handed to it.

A unit is done when the longest of its completions is, often ten times as long as most of them. A replica therefore
holds many units, and hands another to its engine whenever fewer sequences are unfinished than the engine draws at
once. So its batch stays full, and when the user stops the run, nothing is waited for that had not begun.
"""

import threading


class Room:
    """Counts unfinished sequences; units wait until some of the batch is free."""

    def __init__(self, sequences: int) -> None:
        """Make room for `sequences`, as many as the engine draws at once."""
        self._sequences = sequences
        self._unfinished = 0
        self._closed = False
        self._changed = threading.Condition()

    def enter(self, count: int) -> bool:
        """Wait until a unit of `count` sequences may begin; False when none may any more."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._unfinished < self._sequences)
            if not self._closed:
                self._unfinished += count
            return not self._closed

    def leave(self, count: int) -> None:
        """Note that so many sequences are finished."""
        with self._changed:
            self._unfinished -= count
            self._changed.notify_all()

    def close(self) -> None:
        """Let no further unit begin."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
