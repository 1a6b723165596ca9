"""What a job is to the pipeline: units by number, and something in each replica that does one."""

from collections.abc import Callable
from typing import Any, Protocol

Done = Callable[[int, bool], None]  # told of each sample when it is done: its tokens, and whether it failed


class Worker(Protocol):
    """What a job loads in a replica: an engine, a judge. Its methods are called from several threads at once."""

    @property
    def capacity(self) -> int:
        """Samples that it works on at once; more of them wait."""
        ...

    def size(self, unit: int) -> int:
        """Return how many samples a unit has."""
        ...

    def work(self, unit: int, done: Done) -> Any:
        """Do one unit and return its receipt, which pickles. `done` may be called from any thread.

        Raises:
            SamplesError: What further units would meet too; the whole job ends with it.
        """
        ...


class Job(Protocol):
    """The same for every replica. It pickles, and travels once through Ray's object store."""

    def __len__(self) -> int:
        """Return the number of units; they are numbered from 0."""
        ...

    def load(self) -> Worker:
        """Make the worker of one replica; takes seconds to minutes.

        Raises:
            SamplesError: It cannot be made; the whole job ends with it.
        """
        ...
