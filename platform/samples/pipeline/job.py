"""What the pipeline expects of a job: a number of units, and a worker in each replica that does one unit."""

from collections.abc import Callable
from typing import Any, Protocol

Done = Callable[[int, bool], None]  # called for each finished sample with its tokens, and whether it failed


class Worker(Protocol):
    """What a job loads in a replica, such as an engine. Several threads call its methods at once."""

    @property
    def capacity(self) -> int:
        """The number of samples that it works on at once. Further samples wait."""
        ...

    def size(self, unit: int) -> int:
        """Return how many samples a unit has."""
        ...

    def work(self, unit: int, done: Done) -> Any:
        """Do one unit and return its receipt, which must pickle. `done` may be called from any thread.

        Raises:
            SamplesError: Further units would fail in the same way. It ends the whole job.
        """
        ...


class Assigned(Worker, Protocol):
    """The worker of a job whose units are assigned: a unit that kills every engine can be given up."""

    def fail(self, unit: int, why: str, done: Done) -> Any:
        """Make every sample of a unit an error, without work, and return its receipt.

        Raises:
            SamplesError: The same as `work`.
        """
        ...


class Job(Protocol):
    """The work as a whole, the same for every replica. Ray pickles it once into its object store."""

    def __len__(self) -> int:
        """Return the number of units; they are numbered from 0."""
        ...

    def load(self) -> Worker:
        """Make the worker of one replica. This takes seconds to minutes.

        Raises:
            SamplesError: It cannot be made. This ends the whole job.
        """
        ...
